/** What the image is made from unless something else is named: Debian with Node.js. */
export const BASE_IMAGE = "node:24-bookworm-slim";

/**
 * The image of sandboxes: an interpreter for each language, and nothing of ours. The server program is put beside
 * it when a container is made, so an image fits every version of rlmflow.
 */
export const DOCKERFILE: string = `# The image of rlmflow's sandboxes: Node.js and Python, and nothing else.
ARG FROM=${BASE_IMAGE}
FROM \${FROM}
USER root
RUN command -v node
RUN command -v python3 || (apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*)
USER 65534:65534
WORKDIR /tmp
`;
