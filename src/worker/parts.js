// Starts the parts that `cargo xtask build` cuts the worker's program in (xtask/src/cut.rs). Uncut, as in the tests, there are none.

// Addresses of the parts by number, beside the worker's script. Filled in by xtask/src/worker.rs.
const FILES = [];

let main;
const started = new Set();

// What the main program exports; the parts import it.
export function begin(exports) {
  main = exports;
}

function address(part) {
  return new URL(FILES[part], self.location.href);
}

function start(part, module) {
  if (!started.has(part)) new WebAssembly.Instance(module, { m: main });
  started.add(part);
}

// Fetches and starts a part.
export async function fetchPart(part) {
  if (part >= FILES.length || started.has(part)) return;
  const answer = await fetch(address(part));
  if (!answer.ok) throw new Error(`${FILES[part]}: the server says ${answer.status}`);
  start(part, await WebAssembly.compile(await answer.arrayBuffer()));
}

// The same at once, for a call that was not foreseen. The program calls it; a worker may wait.
export function loadPart(part) {
  if (part >= FILES.length || started.has(part)) return;
  const request = new XMLHttpRequest();
  request.open('GET', address(part), false);
  request.responseType = 'arraybuffer';
  request.send();
  if (request.status !== 200) throw new Error(`a part of Loam's program, ${FILES[part]}, could not be fetched (${request.status}), check the network`);
  start(part, new WebAssembly.Module(request.response));
}
