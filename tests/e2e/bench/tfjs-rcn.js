// RCN in TensorFlow.js, in the form that its wasm backend runs best: channels last, fused convolutions, gradients by hand where the backend
// has none (it has none of a dilated convolution). See `tfjs.js`.
import { gradients } from './tfjs.js';

const DILATIONS = [1, 2, 4, 8, 4, 2, 1], CORRECTION = 0.1, VARIANCE = 1000, LIKELIHOOD = 0.002;

/// Takes the correction's mean out of a map: the regression's stays.
export function withoutMean(map, base) {
  let sum = 0;
  for (let k = 0; k < base.length; k++) sum += map[k] - base[k];
  const mean = sum / base.length;
  for (let k = 0; k < base.length; k++) map[k] -= mean;
  return map;
}

/// The network with these weights on the current backend of `tf`.
export function rcn(tf, tensors, { learningRate, clip, swapped }) {
  const { filterGradient, inputGradient, channelSums } = gradients(tf, swapped);
  const { 'inputs.mean': { values: mean }, 'inputs.spread': { values: spread } } = tensors;
  const variables = {};
  for (const [name, { shape, values }] of Object.entries(tensors))
    if (!name.startsWith('inputs.')) {
      // [out, in, 3, 3] to [3, 3, in, out].
      const tensor = tf.tidy(() => (shape.length === 4 ? tf.tensor(values, shape).transpose([2, 3, 1, 0]) : tf.tensor(values, shape)));
      variables[name] = tf.variable(tensor, true);
    }

  const convolved = (x, filter, bias, dilation) =>
    tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', dilations: dilation, bias, activation: 'linear' });
  // What gradients there are of a convolution's result; the planes themselves need none.
  const back = (g, x, filter, dilation) => [filterGradient(x, g, dilation), channelSums(g)];
  // silu'(z) from s = sigmoid(z) and a = z s: s + a (1 - s).
  const behindSilu = (dy, s, a) => dy.mul(s.add(a.sub(a.mul(s))));
  const first = x =>
    tf.customGrad((filter, bias, save) => {
      const z = convolved(x, filter, bias, 1), s = z.sigmoid(), a = z.mul(s);
      save([s, a]);
      return { value: a, gradFunc: (dy, [s, a]) => back(behindSilu(dy, s, a), x, filter, 1) };
    });
  const block = dilation =>
    tf.customGrad((x, filter, bias, save) => {
      const z = convolved(x, filter, bias, dilation), s = z.sigmoid(), a = z.mul(s);
      save([x, filter, s, a]);
      return {
        value: x.add(a),
        gradFunc: (dy, [x, filter, s, a]) => {
          const g = behindSilu(dy, s, a);
          return [inputGradient(filter, g, dilation).add(dy), ...back(g, x, filter, dilation)];
        },
      };
    });
  const last = tf.customGrad((x, filter, bias, save) => {
    save([x, filter]);
    return {
      value: convolved(x, filter, bias, 1),
      gradFunc: (dy, [x, filter]) => [inputGradient(filter, dy, 1), ...back(dy, x, filter, 1)],
    };
  });
  const blocks = DILATIONS.map(block);
  const of = name => [variables[`${name}.weight`], variables[`${name}.bias`]];
  // Standardised planes [1, h, w, 26] to [correction over 0.1, logarithm of the variance times 1000], each [1, h, w, 1].
  const forward = x => {
    const h = blocks.reduce((h, block, n) => block(h, ...of(`block${n}`)), first(x)(...of('first')));
    return tf.split(last(h, ...of('last')), 2, 3);
  };
  const constant = tf.customGrad(x => ({ value: x.clone(), gradFunc: dy => dy.zerosLike() }));
  const loss = (estimate, logVariance, target, mask) => {
    const count = mask.sum();
    const difference = estimate.sub(target).mul(mask);
    const error = difference.sub(difference.sum().div(count)).mul(mask);
    const squares = error.square();
    const urmse = squares.sum().div(count).sqrt();
    const likelihood = constant(squares).mul(logVariance.neg().exp()).mul(VARIANCE).add(logVariance).mul(mask);
    return urmse.add(likelihood.sum().div(count).mul(LIKELIHOOD));
  };
  const adam = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  // Planes one after the other to channels last, standardised on the way where they are not.
  const image = (values, side, standardise) => {
    const cells = side * side, channels = values.length / cells, turned = new Float32Array(values.length);
    for (let c = 0; c < channels; c++) {
      const [middle, scale] = standardise ? [mean[c], 1 / spread[c]] : [0, 1];
      for (let k = 0; k < cells; k++) turned[k * channels + c] = (values[c * cells + k] - middle) * scale;
    }
    return tf.tensor4d(turned, [1, side, side, channels]);
  };

  return {
    async forward({ planes, base }, side) {
      const both = tf.tidy(() => {
        const [correction, logVariance] = forward(image(planes, side, true));
        const estimate = tf.tensor4d(base, [1, side, side, 1]).add(correction.mul(CORRECTION));
        return tf.concat([estimate, logVariance.exp().div(VARIANCE).sqrt()], 0);
      });
      const values = await both.data();
      both.dispose();
      return withoutMean(values, base);
    },
    async step({ inputs, base, target, mask }, side) {
      const value = tf.tidy(() => {
        const [x, b, t, m] = [inputs, base, target, mask].map(values => image(values, side, false));
        const { value, grads } = tf.variableGrads(() => {
          const [correction, logVariance] = forward(x);
          return loss(b.add(correction.mul(CORRECTION)), logVariance, t, m);
        }, Object.values(variables));
        const all = Object.values(grads);
        const norm = tf.addN(all.map(gradient => gradient.square().sum())).sqrt().add(1e-6);
        const factor = tf.scalar(clip).div(norm.maximum(clip));
        adam.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, gradient]) => [name, gradient.mul(factor)])));
        return value;
      });
      const [number] = await value.data();
      value.dispose();
      return number;
    },
    dispose() {
      Object.values(variables).forEach(tensor => tensor.dispose());
      adam.dispose();
    },
  };
}
