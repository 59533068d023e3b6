"""The stack keeps what it promises, as one command starts it."""

import json
from pathlib import Path

import pytest

from tests.containers.market import Market
from tests.containers.stack import SERVICES, Stack, docker

pytestmark = pytest.mark.slow

MORTAL = ("kafka", "ingest-worker", "postgres")


def test_nothing_is_lost_or_doubled_while_broker_worker_and_database_die(stack: Stack, tmp_path: Path) -> None:
    """Each dies over work it has just been given, and comes back to more: the books of sender and receiver balance."""
    with Market(stack, tmp_path, slices=2 * len(MORTAL)) as market:
        for part in MORTAL:
            market.send()
            stack.kill(part)
            with market.sending():
                stack.up(part)
        market.close_deals()
        checks = market.balance()
    assert [check for check in checks if not check.holds] == []
    assert {check.name: check.ours for check in checks if not check.ours} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_do_no_more_than_it_must(stack: Stack, service: str) -> None:
    """Whoever breaks into one can write nowhere, become nobody else, and take no more than its share."""
    (found,) = json.loads(docker("inspect", stack.container(service)).stdout)
    host = found["HostConfig"]
    assert int(found["Config"]["User"].split(":")[0]) >= 10_001
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0


def test_every_port_is_on_loopback(stack: Stack) -> None:
    """What others may reach is decided by whoever puts a proxy in front."""
    bound = {
        binding["HostIp"]
        for part in (*SERVICES, "kafka", "postgres")
        for bindings in json.loads(
            docker("inspect", stack.container(part), "--format", "{{json .HostConfig.PortBindings}}").stdout
        ).values()
        for binding in bindings
    }
    assert bound == {"127.0.0.1"}
