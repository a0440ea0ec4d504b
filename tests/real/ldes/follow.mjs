// Follows an event stream from the beginning with `ldes-client`, and writes its members as N-Quads, one JSON a line.
import { replicateLDES, intoConfig } from "ldes-client";
import { Writer } from "n3";

const [url, order] = process.argv.slice(2);
const client = replicateLDES(intoConfig({ url, noShape: true, safe: false }), order ?? "none");
for await (const member of client.stream({ highWaterMark: 10 })) {
  const text = new Writer({ format: "N-Quads" }).quadsToString(member.quads);
  process.stdout.write(JSON.stringify({ id: member.id.value, quads: text }) + "\n");
}
