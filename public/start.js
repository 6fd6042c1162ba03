// Starts the page: trunk writes the names of its files on this script's tag (Trunk.toml).
const { js, wasm } = document.querySelector('script[data-wasm]').dataset;
// Its language (src/ui/language.rs).
const there = ['en', 'es', 'fr'];
let chosen;
try { chosen = localStorage.getItem('loam.language'); } catch {}
const wanted = [chosen, ...navigator.languages].map(name => name?.slice(0, 2));
document.documentElement.lang = wanted.find(name => there.includes(name)) ?? 'en';
window.loamWords = () => import('./words.js');
const app = await import(new URL(js, document.baseURI).href);
await app.default({ module_or_path: new URL(wasm, document.baseURI) });
