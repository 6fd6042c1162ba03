// The bench's worker: everybody runs here, in turn. SMEN, then RCN and the regression under it.
//
// A contestant has a name, the device it computes on, and for each task (`forward`, `step`) a way to start it for a batch. Those on WebGPU
// are in `gpu.js`.
import init, { Network, RcnNetwork, Regression, rcn_clip, rcn_onnx } from './web_bench.js';
import * as ort from './ort/ort.wasm.min.mjs';
import * as jax from './jax/index.js';
import { smen as jaxSmen } from './jax.js';
import { rcnContestants, rcnSample, regressionContestants } from './rcn.js';
import { safetensors, smen } from './tfjs.js';
import { inTurn } from './turns.js';

const { side, tasks, rounds, learningRate } = await (await fetch('./setting.json')).json();
const [weights, rcnWeights] = await Promise.all(
  ['weights', 'rcn'].map(async name => (await fetch(`./${name}.safetensors`)).arrayBuffer()),
);
const cells = side * side;
const wave = (n, a, b, c) => Float32Array.from({ length: n }, (_, k) => a + b * Math.sin(k * 0.37 + c) * Math.cos(k * 0.011));
const sample = batch => ({
  i: wave(batch * cells, 0.25, 0.1, 0),
  d: wave(4 * batch * cells, 0, 0.05, 0),
  target: wave(batch * cells, 0.28, 0.08, 0.4),
  mask: Float32Array.from({ length: batch * cells }, (_, k) => (k % 7 ? 1 : 0)),
});

const { memory } = await init();
const burn = (name, label, plain) => ({
  name,
  label,
  forward() {
    const network = Network.from_safetensors(new Uint8Array(weights), false, plain);
    return { run: ({ i, d }) => network.forward(i, d, side), free: () => network.free() };
  },
  step() {
    const network = Network.from_safetensors(new Uint8Array(weights), true, plain);
    return { run: ({ i, d, target, mask }) => network.step(i, d, target, mask, side, learningRate), free: () => network.free() };
  },
});

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL('./ort/', location.href).href;
const onnx = form => ({
  name: `ort-${form}`,
  label: `onnxruntime-web wasm, ${form}`,
  async forward(batch) {
    const session = await ort.InferenceSession.create(`./${form}-${batch}.onnx`, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
    const folded = form === 'conv2d';
    const shape = frames => (folded ? [frames * batch, 1, side, side] : [batch, 1, frames, side, side]);
    const turned = values => {
      if (!folded || batch === 1) return values;
      const out = new Float32Array(values.length);
      for (let b = 0; b < batch; b++)
        for (let f = 0; f < 4; f++) out.set(values.subarray((b * 4 + f) * cells, (b * 4 + f + 1) * cells), (f * batch + b) * cells);
      return out;
    };
    return {
      run: async ({ i, d }) =>
        (await session.run({ i: new ort.Tensor('float32', i, shape(1)), d: new ort.Tensor('float32', turned(d), shape(4)) })).estimate.data,
      free: () => session.release(),
    };
  },
});

// Classic scripts that set `globalThis.tf`: a module worker has no importScripts.
for (const script of ['./tfjs/tf.min.js', './tfjs-wasm/tf-backend-wasm.min.js']) (0, eval)(await (await fetch(script)).text());
const tf = globalThis.tf;
tf.wasm.setThreadsCount(1);
tf.wasm.setWasmPaths(new URL('./tfjs-wasm/', location.href).href);
if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js has no wasm backend here');
const tensors = safetensors(weights);
const tensorflow = (name, label, swapped) => {
  const open = of => batch => {
    const network = smen(tf, tensors, learningRate, swapped);
    return { run: values => of(network)(values, batch, side), free: () => network.dispose() };
  };
  return { name, label, forward: swapped ? undefined : open(network => network.forward), step: open(network => network.step) };
};

// Where there is shared memory it takes all cores.
if (typeof SharedArrayBuffer !== 'undefined') throw new Error('jax-js would not keep to one thread in an isolated page');
await jax.init('wasm');
jax.defaultDevice('wasm');
const jaxOpen = of => batch => {
  const network = jaxSmen(jax, tensors, { learningRate, batch, side });
  return { run: values => network[of](values), free: () => network.dispose() };
};

const rcn = { weights: new Uint8Array(rcnWeights), side, learningRate, clip: rcn_clip(), onnx: rcn_onnx(new Uint8Array(rcnWeights)) };
const networks = {
  smen: {
    sample,
    contestants: [
      burn('loam', 'Loam', false),
      burn('plain', "burn's own operations (flex)", true),
      onnx('conv2d'),
      onnx('conv3d'),
      tensorflow('tfjs', 'TensorFlow.js wasm', false),
      tensorflow('tfjs-swapped', 'TensorFlow.js wasm, dW as convolution', true),
      { name: 'jax', label: 'jax-js wasm, products of taps', forward: jaxOpen('forward'), step: jaxOpen('step') },
    ],
  },
  rcn: { sample: () => rcnSample(rcn), contestants: rcnContestants(rcn, { RcnNetwork, ort, tf, jax }) },
  regression: { sample: () => ({}), contestants: regressionContestants(side, Regression) },
};
const results = [];
for (const task of tasks) {
  const { sample, contestants } = networks[task.network];
  results.push(...(await inTurn(task, contestants, sample(task.batch), rounds)));
}
postMessage({ results, memory: memory.buffer.byteLength });
