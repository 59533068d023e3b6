"""The page for operators names every setting there is, as the code has it."""

from services.deployment import Settings
from services.ingest.settings import IngestSettings
from tests.docs.settings_table import PAGE, models, table, with_table


def test_the_page_holds_the_settings_of_the_code() -> None:
    """Otherwise: `python -m tests.docs.settings_table`, and look at what it has changed."""
    page = PAGE.read_text()
    assert with_table(page) == page
    assert table() in page


def test_the_models_of_the_deployment_and_of_the_services_are_found() -> None:
    assert {Settings, IngestSettings} <= set(models())


def test_every_setting_says_what_it_is() -> None:
    assert [name for model in models() for name, field in model.model_fields.items() if not field.description] == []
