# syntax=docker/dockerfile:1
# Builds on the machine's own platform, for the one that is asked for: CGO is off, so Go compiles across.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src

COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download

COPY *.go ./
COPY api/ api/
COPY controllers/ controllers/
COPY internal/ internal/

ARG TARGETOS
ARG TARGETARCH
ARG VERSION=development
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /plumbline .

FROM gcr.io/distroless/static:nonroot
LABEL org.opencontainers.image.title="Plumbline" \
      org.opencontainers.image.description="Reports drift of live securityContexts from a declared security baseline." \
      org.opencontainers.image.url="https://plumbline.dev" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /plumbline /plumbline
USER 65532:65532
ENTRYPOINT ["/plumbline"]
