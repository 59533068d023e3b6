# One image for every service; its arguments say which of them run: none is all of them. docs/deploy.md says how.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
WORKDIR /build
COPY requirements/ requirements/
# A virtual environment without pip, filled from outside: what is copied below can install nothing. Left out of it is what
# nobody asks for and is large: the names of the places and carriers of phone numbers, and the libraries' own tests.
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv --without-pip /opt/throughline \
 && python -m pip --python /opt/throughline/bin/python install -q --require-hashes --only-binary :all: -r requirements/run.txt \
 && find /opt/throughline/lib -type d \( -path '*/phonenumbers/geodata' -o -path '*/phonenumbers/carrierdata' -o -name tests \) \
    -prune -exec rm -rf {} +
# The build backend is held to its hash like everything else; only the development list names it.
RUN --mount=type=cache,target=/var/cache/pip \
    sed -n '/^setuptools==/,/[^\\]$/p' requirements/dev.txt > backend.txt \
 && python -m pip install -q --require-hashes -r backend.txt
COPY pyproject.toml README.md ./
COPY services/ services/
COPY shared/ shared/
RUN python -m pip wheel -q --no-deps --no-build-isolation --no-index -w dist . \
 && python -m pip --python /opt/throughline/bin/python install -q --no-deps --no-index dist/*.whl

FROM ${PYTHON_IMAGE}
RUN python -m pip uninstall -q -y --root-user-action=ignore pip setuptools wheel \
 && groupadd --gid 10001 throughline \
 && useradd --uid 10001 --gid throughline --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin throughline \
 && install -d -o throughline -g throughline -m 0700 /var/lib/throughline
COPY --from=build /opt/throughline /opt/throughline
COPY deploy/compose/healthy.py /opt/throughline/
ENV PATH=/opt/throughline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    THROUGHLINE_BIND=0.0.0.0 \
    THROUGHLINE_DATA=/var/lib/throughline
# By number, so that an orchestrator can see for itself that it is not root.
USER 10001:10001
EXPOSE 8001 8002 8003 8004
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-I", "/opt/throughline/healthy.py", "8001", "8002", "8003", "8004"]
ENTRYPOINT ["throughline"]
