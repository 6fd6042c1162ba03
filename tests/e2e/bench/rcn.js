// RCN and the regression under it, for `worker.js`: ours, onnxruntime-web on the file that Loam writes, TensorFlow.js,
// jax-js.
//
// All predict from the planes as the regression makes them and its map, and give the map, its correction's mean taken out, and the standard
// deviation of its error. They learn from standardised planes, which a run keeps.
import { rcn as jaxRcn } from './jax-rcn.js';
import { rcn as tensorflowRcn, withoutMean } from './tfjs-rcn.js';
import { safetensors } from './tfjs.js';

const wave = (n, a, b, c) => Float32Array.from({ length: n }, (_, k) => a + b * Math.sin(k * 0.37 + c) * Math.cos(k * 0.011));

/// An image whose planes have the means and spreads that the network expects.
export function rcnSample({ weights, side }) {
  const cells = side * side, tensors = safetensors(weights.slice().buffer);
  const [mean, spread] = ['mean', 'spread'].map(part => tensors[`inputs.${part}`].values);
  const inputs = Float32Array.from({ length: mean.length * cells }, (_, k) => 1.4 * Math.sin(k * 0.37) * Math.cos(k * 0.011));
  return {
    inputs,
    planes: inputs.map((value, k) => mean[Math.floor(k / cells)] + spread[Math.floor(k / cells)] * value),
    base: wave(cells, 0.25, 0.1, 0),
    target: wave(cells, 0.28, 0.08, 0.4),
    mask: Float32Array.from({ length: cells }, (_, k) => (k % 7 ? 1 : 0)),
  };
}

export function rcnContestants({ weights, side, learningRate, clip, onnx: file }, { RcnNetwork, ort, tf, jax }) {
  const loam = {
    name: 'loam',
    label: 'Loam',
    forward() {
      const network = RcnNetwork.from_safetensors(weights, false);
      return { run: ({ planes, base }) => network.forward(planes, base, side), free: () => network.free() };
    },
    step() {
      const network = RcnNetwork.from_safetensors(weights, true);
      const run = ({ inputs, base, target, mask }) => network.step(inputs, base, target, mask, side, learningRate);
      return { run, free: () => network.free() };
    },
  };
  // The file leaves batch, height and width open; told them, the runtime can plan for them.
  const onnx = (name, label, more) => ({
    name,
    label,
    async forward() {
      const session = await ort.InferenceSession.create(file, { executionProviders: ['wasm'], graphOptimizationLevel: 'all', ...more });
      const run = async ({ planes, base }) => {
        const channels = new Float32Array(planes.length + base.length);
        channels.set(planes);
        channels.set(base, planes.length);
        const input = new ort.Tensor('float32', channels, [1, channels.length / base.length, side, side]);
        return withoutMean((await session.run({ input })).output.data, base);
      };
      return { run, free: () => session.release() };
    },
  });
  const tensors = safetensors(weights.slice().buffer);
  const tensorflow = (name, label, swapped) => {
    const open = of => () => {
      const network = tensorflowRcn(tf, tensors, { learningRate, clip, swapped });
      return { run: values => of(network)(values, side), free: () => network.dispose() };
    };
    return { name, label, forward: swapped ? undefined : open(network => network.forward), step: open(network => network.step) };
  };
  const jaxOpen = of => () => {
    const network = jaxRcn(jax, tensors, { learningRate, clip, side });
    return { run: values => network[of](values), free: () => network.dispose() };
  };
  return [
    loam,
    onnx('ort-open', 'onnxruntime-web wasm, any size', {}),
    onnx('ort-fixed', 'onnxruntime-web wasm, size told', { freeDimensionOverrides: { N: 1, H: side, W: side } }),
    tensorflow('tfjs', 'TensorFlow.js wasm', false),
    tensorflow('tfjs-swapped', 'TensorFlow.js wasm, dW as convolution', true),
    { name: 'jax', label: 'jax-js wasm, products of taps', forward: jaxOpen('forward'), step: jaxOpen('step') },
  ];
}

/// The regression over thirty maps: a new date, and one more map. Nobody else has it.
export function regressionContestants(side, Regression) {
  const open = of => () => {
    const regression = Regression.after(30, side);
    return { run: () => of(regression), free: () => regression.free() };
  };
  return [{ name: 'loam', label: 'Loam', date: open(regression => regression.date()), learn: open(regression => [regression.learn()]) }];
}
