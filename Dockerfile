# One image for migrate, webhooks, workers, beat and the simulator; the command says which of them it is.

FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv /opt/pipeline

# What production needs, at the locked versions and with the locked hashes; wheels only, so no compiler.
COPY requirements-prod.lock ./
RUN /opt/pipeline/bin/pip install --disable-pip-version-check --no-cache-dir \
        --require-hashes --only-binary=:all: -r requirements-prod.lock

# The build tool, from the lock of the developers; it stays in this stage.
COPY requirements.lock ./
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock > build.lock \
    && pip install --disable-pip-version-check --no-cache-dir --require-hashes --only-binary=:all: -r build.lock

COPY LICENSE NOTICE README.md pyproject.toml ./
COPY messaging_pipeline ./messaging_pipeline
COPY webhooks ./webhooks
COPY workers ./workers
RUN pip wheel --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/pipeline/bin/pip install --disable-pip-version-check --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/pipeline --shell /usr/sbin/nologin pipeline
COPY --from=build /opt/pipeline /opt/pipeline
ENV PATH=/opt/pipeline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number, so that a cluster that refuses root can see that this is not root.
USER 10001
WORKDIR /home/pipeline
CMD ["messaging-pipeline", "--help"]
