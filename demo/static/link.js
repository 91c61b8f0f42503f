// A query as a link, and a link as a query: ?ref=ID&q=words and whichever options were chosen.
const MOST_IDS = 100; // of those to search within; more make an address too long

function linkOf({ catalogue, reference, upload, change, options }) {
  if (upload) return { problem: "A photo of your own cannot be in a link: only you have it." };
  const { without, weight, filters, second, within, fold, top_k } = options;
  if (within && within.ids.length > MOST_IDS) return { problem: `A link cannot hold more than ${MOST_IDS} garments to search within.` };
  const said = {
    ref: reference?.id, q: change, catalogue, second, without, weight, fold: fold ? 1 : 0, k: top_k,
    of: within?.label,
  };
  const words = new URLSearchParams(Object.entries(said).filter(([, value]) => value).map(([name, value]) => [name, String(value)]));
  for (const [field, values] of Object.entries(filters || {})) values.forEach((value) => words.append(`f.${field}`, value));
  for (const id of within?.ids || []) words.append("within", id);
  return { link: `${location.origin}${location.pathname}?${words}` };
}

function readLink(search) {
  const words = new URLSearchParams(search), get = (name) => words.get(name) || "";
  if (!get("ref") && !get("q")) return null;
  const fields = [...words.keys()].filter((name) => name.startsWith("f."));
  const filters = Object.fromEntries(fields.map((name) => [name.slice(2), words.getAll(name)])), ids = words.getAll("within");
  const options = {
    second: get("second"), without: get("without"), weight: +get("weight") || 0, fold: get("fold") === "1", top_k: +get("k") || 0, filters,
    within: ids.length ? { ids, label: get("of") } : null,
  };
  return { catalogue: get("catalogue"), reference: get("ref"), change: get("q"), options };
}

async function openLink() {
  const asked = readLink(location.search);
  if (!asked) return;
  const { catalogue, options } = asked, ids = [asked.reference, options.second].filter(Boolean);
  const page = await server.browse({ catalogue, ids, start: 0 }).catch(() => null);
  if (!page) return say("The link could not be read. Is the app still running?");
  const found = (id) => page.garments.find((garment) => garment.id === id) || null;
  if (page.catalogue !== catalogue || ids.some((id) => !found(id))) return say("The garment or the catalogue of this link is not here any more.");
  go({ catalogue, options, change: asked.change, reference: found(asked.reference), second: found(options.second) });
}
