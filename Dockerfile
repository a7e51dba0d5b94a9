# syntax=docker/dockerfile:1
# One image for the app, the worker and the tasks; built for the servers' processor (x86-64).

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /app/venv
# A client folder is optional: the lock is there in any case, so that something is copied.
COPY requirements.lock clien[t] ./client/
RUN /app/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes -r client/requirements.lock \
    && /app/venv/bin/pip uninstall --yes --quiet pip setuptools \
    && /app/venv/bin/python -m compileall -q /app/venv/lib
RUN mkdir /app/dist \
    && rm client/requirements.lock \
    && if [ -f client/index.html ]; then cp -r client/. /app/dist/; fi

FROM python:3.11-slim
ARG APP_VERSION=dev
ARG APP_COMMIT=
ENV APP_ENV=production \
    APP_VERSION=$APP_VERSION \
    APP_COMMIT=$APP_COMMIT \
    PORT=3000 \
    PATH=/app/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=build /app/venv ./venv
COPY api ./api
COPY tasks ./tasks
COPY --from=build /app/dist ./dist
RUN python -m compileall -q api tasks
USER 1001:1001
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://localhost:3000/api/health', timeout=9)"]
CMD ["python", "-m", "api"]
