# One image for every process: its entry point takes the name of a process in the Procfile.

FROM node:22-bookworm-slim AS browser
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS packages
COPY requirements/prod.txt /build/prod.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/prod.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0
RUN useradd --system --uid 10001 --user-group --home-dir /app --no-create-home app \
    && install --directory --owner=app --group=app /var/lib/sandbox
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=browser /build/node_modules/lightweight-charts node_modules/lightweight-charts
COPY . .
# The names of the static files are fixed here, so that every container of one image agrees on them. Settings
# want all that production needs; none of these values is kept in the image.
RUN SECRET_KEY=build FIELD_ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    BLIND_INDEX_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    ALLOWED_HOSTS=build SITE_URL=https://build DATABASE_URL=postgres://build/build REDIS_URL=redis://build/0 \
    EMAIL_URL=smtp://build DEFAULT_FROM_EMAIL=build@example.com \
    BROKER_BASE_URL=https://build BROKER_DATA_URL=https://build BROKER_KEY=build BROKER_SECRET=build \
    BROKER_FIRM_ACCOUNT_ID=build \
    python manage.py collectstatic --noinput && python -m compileall -q .
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["bin/process"]
CMD ["web"]
