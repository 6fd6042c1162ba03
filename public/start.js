// Starts the page: trunk writes the names of its files on this script's tag (Trunk.toml).
const { js, wasm } = document.querySelector('script[data-wasm]').dataset;
const app = await import(new URL(js, document.baseURI).href);
await app.default({ module_or_path: new URL(wasm, document.baseURI) });
