// The bench's WebGPU half, in a worker of its own after the CPU's: the same network and weights, the same browser, taking turns.
//
// Dispatches and bytes of all buffers alive are counted at the browser's own interface, for ours and the peers alike. Beside the networks
// runs a matrix product in WGSL, the adapter's practical peak: register tiles straight from storage, the form a software adapter does best.
import init, { Network, let_go, open_gpu, reserved } from './web_bench.js';
import * as jax from './jax/index.js';
import { smen as jaxSmen } from './jax.js';
import * as ort from './ort/ort.webgpu.min.mjs';
import { safetensors, smen } from './tfjs.js';
import { gap, spread } from './turns.js';

const counted = { dispatches: 0, bytes: 0, most: 0 };
for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
  const plain = GPUComputePassEncoder.prototype[name];
  GPUComputePassEncoder.prototype[name] = function (...words) { counted.dispatches++; return plain.apply(this, words); };
}
const create = GPUDevice.prototype.createBuffer;
GPUDevice.prototype.createBuffer = function (descriptor) {
  const buffer = create.call(this, descriptor), destroy = buffer.destroy.bind(buffer);
  let alive = descriptor.size;
  counted.bytes += alive;
  counted.most = Math.max(counted.most, counted.bytes);
  buffer.destroy = () => { counted.bytes -= alive; alive = 0; destroy(); };
  return buffer;
};

const { side, learningRate, gpu: { tasks, rounds } } = await (await fetch('./setting.json')).json();
const weights = await (await fetch('./weights.safetensors')).arrayBuffer();
const cells = side * side;
const wave = (n, a, b, c) => Float32Array.from({ length: n }, (_, k) => a + b * Math.sin(k * 0.37 + c) * Math.cos(k * 0.011));
const sample = batch => ({
  i: wave(batch * cells, 0.25, 0.1, 0),
  d: wave(4 * batch * cells, 0, 0.05, 0),
  target: wave(batch * cells, 0.28, 0.08, 0.4),
  mask: Float32Array.from({ length: batch * cells }, (_, k) => (k % 7 ? 1 : 0)),
});

// Best of two tiles of a 1024^3 product, in GFLOP/s.
async function matmul() {
  const n = 1024, device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const make = () => device.createBuffer({ size: n * n * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  const [a, b, c] = [make(), make(), make()];
  for (const buffer of [a, b]) device.queue.writeBuffer(buffer, 0, wave(n * n, 0, 1, 0));
  let best = 0;
  for (const [rows, vectors] of [[8, 2], [16, 4]]) {
    const list = (count, text) => Array.from({ length: count }, (_, k) => text(k)).join('\n');
    const code = `@group(0) @binding(0) var<storage, read> a: array<f32>;
      @group(0) @binding(1) var<storage, read> b: array<vec4f>;
      @group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
      @compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) id: vec3u) {
        let column = id.x * ${vectors}u; let row = id.y * ${rows}u;
        ${list(rows * vectors, k => `var s${k} = vec4f();`)}
        for (var k = 0u; k < ${n}u; k++) {
          ${list(vectors, v => `let b${v} = b[k * ${n / 4}u + column + ${v}u];`)}
          ${list(rows, r => `{ let x = a[(row + ${r}u) * ${n}u + k]; ${list(vectors, v => `s${r * vectors + v} += x * b${v};`)} }`)}
        }
        ${list(rows * vectors, k => `c[(row + ${Math.floor(k / vectors)}u) * ${n / 4}u + column + ${k % vectors}u] = s${k};`)}
      }`;
    const compute = { module: device.createShaderModule({ code }), entryPoint: 'main' };
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
    const entries = [a, b, c].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    for (let k = 0; k < 4; k++) {
      const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(n / 32 / vectors, n / 8 / rows);
      pass.end();
      const start = performance.now();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      if (k) best = Math.max(best, (2 * n ** 3) / (performance.now() - start) / 1e6);
    }
  }
  device.destroy();
  return best;
}

const peak = [await matmul()];
await init();
await open_gpu();
const burn = (name, label, plain) => ({
  name,
  label,
  forward() {
    const network = Network.on_gpu(new Uint8Array(weights), false, plain);
    return { run: ({ i, d }) => network.forward(i, d, side), free: () => network.free() };
  },
  step() {
    const network = Network.on_gpu(new Uint8Array(weights), true, plain);
    return { run: ({ i, d, target, mask }) => network.step(i, d, target, mask, side, learningRate), free: () => network.free() };
  },
});

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL('./ort/', location.href).href;
const onnx = {
  name: 'ort-conv2d',
  label: 'onnxruntime-web WebGPU, conv2d',
  async forward(batch) {
    const session = await ort.InferenceSession.create(`./conv2d-${batch}.onnx`, { executionProviders: ['webgpu'], graphOptimizationLevel: 'all' });
    const turned = values => {
      const out = new Float32Array(values.length);
      for (let b = 0; b < batch; b++)
        for (let f = 0; f < 4; f++) out.set(values.subarray((b * 4 + f) * cells, (b * 4 + f + 1) * cells), (f * batch + b) * cells);
      return out;
    };
    const feed = ({ i, d }) => ({
      i: new ort.Tensor('float32', i, [batch, 1, side, side]),
      d: new ort.Tensor('float32', turned(d), [4 * batch, 1, side, side]),
    });
    return { run: async values => (await session.run(feed(values))).estimate.data, free: () => session.release() };
  },
};

for (const script of ['./tfjs/tf.min.js', './tfjs-webgpu/tf-backend-webgpu.min.js']) (0, eval)(await (await fetch(script)).text());
const tf = globalThis.tf;
if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js has no WebGPU backend here');
const tensors = safetensors(weights);
const open = of => batch => {
  const network = smen(tf, tensors, learningRate, false);
  return { run: values => of(network)(values, batch, side), free: () => network.dispose() };
};
const tensorflow = { name: 'tfjs', label: 'TensorFlow.js WebGPU', forward: open(network => network.forward), step: open(network => network.step) };
if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('jax-js has no WebGPU backend here');
jax.defaultDevice('webgpu');
const jaxOpen = of => batch => {
  const network = jaxSmen(jax, tensors, { learningRate, batch, side });
  return { run: values => network[of](values), free: () => network.dispose() };
};
const taps = { name: 'jax', label: 'jax-js WebGPU, products of taps', forward: jaxOpen('forward'), step: jaxOpen('step') };

const results = [];
for (const { task, batch, plain } of tasks) {
  const values = sample(batch);
  const contestants = [burn('loam', 'Loam, GPU kernels', false), ...(plain ? [burn('plain', "burn's own operations", true)] : []), onnx, tensorflow, taps];
  const running = [];
  // One run compiles the shaders and is compared; a second one tells dispatches. Bytes: what the two made the buffers grow by.
  for (const { name, label, [task]: open } of contestants) {
    if (!open) continue;
    // What our pools keep from earlier tasks would hide what this one needs.
    if (name === 'loam') let_go();
    const before = (counted.most = counted.bytes);
    const one = { name, label, times: [], first: [], ...(await open(batch)) };
    one.first.push(await one.run(values));
    counted.dispatches = 0;
    const start = performance.now();
    one.first.push(await one.run(values));
    one.times.push(performance.now() - start);
    one.dispatches = counted.dispatches;
    one.bytes = counted.most - before;
    if (name === 'loam') one.reserved = reserved();
    running.push(one);
  }
  for (let k = 1; k < rounds; k++)
    for (let n = 0; n < running.length; n++) {
      const one = running[(n + k) % running.length];
      const start = performance.now();
      await one.run(values);
      one.times.push(performance.now() - start);
    }
  const ours = running[0].first, numbers = first => (task === 'forward' ? first[1] : first);
  for (const { name, label, times, first, dispatches, bytes, reserved, free } of running) {
    results.push({ task, batch, name, label, device: 'gpu', gap: gap(numbers(ours), numbers(first)), dispatches, bytes, reserved, ...spread(times) });
    free();
  }
}
peak.push(await matmul());
postMessage({ results, peak: Math.max(...peak) });
