// Talks to the server that this page came from, and to nobody else.

/** A request that the server turned down, with what to do; or, without `mend`, a server that is not there. */
export class Trouble extends Error {
  constructor(what, mend) {
    super(what);
    this.mend = mend;
  }
}

async function fetched(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("The playground does not answer. Is `patella playground` still running?");
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) {
    const { what = "The playground cannot answer that", do: mend = "reload the page" } = said.error ?? {};
    throw new Trouble(what, mend);
  }
  return said;
}

/** Asks for something: `get("/api/suggest", { typed: "knee" })`. */
export const get = (path, wanted = {}, signal) => fetched(`${path}?${new URLSearchParams(wanted)}`, { signal });

/** Sends something, as JSON: no other site's form can do that. */
export const post = (path, body) =>
  fetched(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
