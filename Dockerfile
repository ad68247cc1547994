# SPDX-License-Identifier: GPL-2.0-or-later
# One image for every process of kdyno: it runs from its source checkout, made ready by the same scripts as a lab
# without containers. The layers are in the order in which they change.
FROM debian:12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/kdyno

COPY setup/ensure-system-packages setup/system-packages.txt setup/
RUN apt-get update && setup/ensure-system-packages run build && rm -rf /var/lib/apt/lists/*

COPY pyproject.toml uv.lock README.md LICENSE ./
COPY setup/ensure-venv setup/
COPY server server
COPY provisioning provisioning
RUN setup/ensure-venv

COPY . .
RUN setup/ensure run build \
    && useradd --system --create-home --home-dir /var/lib/kdyno kdyno \
    && install -d -o kdyno -g kdyno /var/lib/kdyno

USER kdyno
ENV PATH=/opt/kdyno/.venv/bin:$PATH KDYNO_DATA_DIR=/var/lib/kdyno PYTHONUNBUFFERED=1
CMD ["kdyno", "serve"]
