# Builds datalake and puts it into a small image that runs as its own user. The variables are those of the
# Python datalake, so that its volumes can be mounted as they are.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package datalake && strip target/release/datalake

FROM debian:bookworm-slim
RUN useradd --uid 1000 --create-home datalake && install -d -o datalake -g datalake -m 0700 /data /app/logs
COPY --from=build /src/target/release/datalake /usr/local/bin/datalake
ENV DATA_DIR=/data DB_FILE=/data/datalake.db LOG_DIR=/app/logs PROJECT_ROOT=/app
USER datalake
WORKDIR /app
VOLUME ["/data", "/app/logs"]
ENTRYPOINT ["datalake"]
CMD ["run"]
