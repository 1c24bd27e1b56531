# Two images: `app` for every process of the site, and `sandbox` for the built-in sandbox alone. The entry point
# of both takes the name of a process in the Procfile.

FROM node:22.23.2-bookworm-slim@sha256:83f487e0a63425e5b4d146fb5e5be574bcbe1b7b843d3ebafdd95eaf7767a7e5 AS browser
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11.15-slim-bookworm@sha256:b18992999dbe963a45a8a4da40ac2b1975be1a776d939d098c647482bcad5cba AS base
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0
RUN useradd --system --uid 10001 --user-group --home-dir /app --no-create-home app \
    && install --directory --owner=app --group=app /var/lib/sandbox \
    && python -m venv /venv
WORKDIR /app

FROM base AS packages
COPY requirements/prod.txt /build/prod.txt
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/prod.txt

FROM base AS sandbox-packages
COPY requirements/sandbox.txt /build/sandbox.txt
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/sandbox.txt

FROM base AS sandbox
COPY --from=sandbox-packages /venv /venv
COPY bin bin
COPY Procfile ./
COPY sandbox sandbox
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8100
ENTRYPOINT ["bin/process"]
CMD ["sandbox"]

# The last one, so that `docker build .` makes it: neither the sandbox nor the demo is in it (.dockerignore).
FROM base AS app
COPY --from=packages /venv /venv
COPY --from=browser /build/node_modules/lightweight-charts node_modules/lightweight-charts
COPY bin bin
COPY Procfile manage.py ./
COPY static static
COPY templates templates
COPY brokerapp brokerapp
COPY onboarding onboarding
COPY funding funding
COPY trading trading
# The names of the static files are fixed here, so that every container of one image agrees on them. Settings
# want what production needs; none of these values is kept in the image, and no process starts with them.
RUN PROCESS=beat ALLOWED_HOSTS=build SITE_URL=https://build TRUSTED_PROXY_HOPS=1 \
    DATABASE_URL=postgres://build/build REDIS_URL=redis://build/0 DEFAULT_FROM_EMAIL=build@example.com \
    BROKER_BASE_URL=https://build BROKER_DATA_URL=https://build BROKER_FIRM_ACCOUNT_ID=build \
    python manage.py collectstatic --noinput && python -m compileall -q .
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["bin/process"]
CMD ["web"]
