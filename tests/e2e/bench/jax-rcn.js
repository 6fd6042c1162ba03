// RCN in jax-js: as SMEN (`jax.js`), a dilated convolution is a sum of products of slices.
import { adam, layout, parts, state, tapped } from './jax.js';
import { withoutMean } from './tfjs-rcn.js';

const DILATIONS = [1, 2, 4, 8, 4, 2, 1], CORRECTION = 0.1, VARIANCE = 1000, LIKELIHOOD = 0.002;

// Channels in fours: of 26 planes the gradient takes 15 times as long, cell by cell instead of by vectors.
const whole = channels => 4 * Math.ceil(channels / 4);

/// The network with these weights on jax-js's default device.
export function rcn(jax, tensors, { learningRate, clip, side }) {
  const { numpy: np, jit, nn, lax, valueAndGrad } = jax;
  const reach = Math.max(...DILATIONS), { margin, rows, offsets, laid, picked } = layout(side, 1, reach, 0);
  const { from, grown, convolved, inputGradient, weightGradient, patches, narrow } = parts(jax, margin);
  const { 'inputs.mean': { values: mean }, 'inputs.spread': { values: spread }, ...learnt } = tensors;
  const arrays = { ...learnt };
  for (const [name, tensor] of Object.entries(learnt)) if (tensor.shape.length === 4) arrays[name] = tapped(tensor, whole(tensor.shape[1]));
  // [9, in, 2] to [18, in].
  const [, width] = arrays['last.weight'].shape;
  arrays['last.weight'] = {
    shape: [18, width],
    values: Float32Array.from({ length: 18 * width }, (_, n) => {
      const row = Math.floor(n / width);
      return arrays['last.weight'].values[(Math.floor(row / 2) * width + (n % width)) * 2 + (row % 2)];
    }),
  };
  const network = state(jax, arrays);
  const cells = np.array(laid(new Float32Array(side * side).fill(1))).reshape([rows, 1]);

  // Standardised planes [rows, 26] to [rows, 2]: correction over 0.1, logarithm of the variance times 1000. With what gradients need.
  const run = (p, cells, planes) => {
    const kept = [];
    const layer = (name, x, dilation) => {
      const input = grown(x), z = convolved(input, p[`${name}.weight`], offsets(dilation)).add(p[`${name}.bias`].ref);
      const s = nn.sigmoid(z.ref), a = z.mul(s.ref);
      kept.push({ name, input, s, a, dilation });
      return a.ref;
    };
    let h = layer('first', planes, 1).mul(cells.ref);
    DILATIONS.forEach((dilation, n) => {
      h = h.ref.add(layer(`block${n}`, h, dilation)).mul(cells.ref);
    });
    return { kept, last: h.ref, both: narrow(grown(h), p['last.weight'], offsets(1), 2).add(p['last.bias'].ref) };
  };
  const column = (both, n) => both.ref.slice([], [n, n + 1]);
  const estimate = (both, base) => base.add(column(both, 0).mul(CORRECTION));

  const predict = jit((p, cells, planes, base) => {
    const { both } = run(p, cells, planes);
    return np.stack([estimate(both, base), np.sqrt(np.exp(column(both, 1)).div(VARIANCE))]);
  });

  const loss = (both, base, target, mask) => {
    const count = mask.ref.sum(), logarithm = column(both, 1);
    const difference = estimate(both, base).sub(target).mul(mask.ref);
    const squares = np.square(difference.ref.sub(difference.sum().div(count.ref)).mul(mask.ref));
    const urmse = np.sqrt(squares.ref.sum().div(count.ref));
    const likelihood = lax.stopGradient(squares).mul(np.exp(np.negative(logarithm.ref))).mul(VARIANCE).add(logarithm).mul(mask);
    return urmse.add(likelihood.sum().div(count).mul(LIKELIHOOD));
  };
  const learn = jit((now, rates, cells, planes, base, target, mask) => {
    const p = now.values, gradients = {}, { kept, last, both } = run(p, cells, planes);
    const [value, dBoth] = valueAndGrad(loss)(both, base, target, mask);
    gradients['last.bias'] = dBoth.ref.sum(0);
    const moved = patches(grown(dBoth), offsets(1).map(offset => margin - offset), rows);
    gradients['last.weight'] = np.matmul(moved.ref.transpose(), last);
    let g = np.matmul(moved, p['last.weight'].ref).mul(cells.ref);
    for (const { name, input, s, a, dilation } of kept.reverse()) {
      // silu'(z) from s = sigmoid(z) and a = z s: s + a (1 - s).
      const dz = g.ref.mul(s.ref.add(a.ref.sub(a.mul(s))));
      gradients[`${name}.bias`] = dz.ref.sum(0);
      gradients[`${name}.weight`] = weightGradient(input, dz, offsets(dilation));
      if (name !== 'first') g = g.add(inputGradient(grown(dz), p[`${name}.weight`], offsets(dilation))).mul(cells.ref);
    }
    const squares = Object.values(gradients).map(gradient => np.square(gradient.ref).sum());
    const norm = np.sqrt(squares.reduce((a, b) => a.add(b))).add(1e-6), factor = np.reciprocal(np.maximum(norm, clip)).mul(clip);
    const shortened = Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, gradient.mul(factor.ref)]));
    return [value, adam(jax, now, shortened, rates)];
  });

  const image = (values, standardise) => {
    const size = side * side, count = values.length / size, channels = count > 1 ? whole(count) : 1;
    const standard = new Float32Array(channels * size);
    standard.set(values);
    if (standardise) for (let k = 0; k < values.length; k++) standard[k] = (values[k] - mean[Math.floor(k / size)]) / spread[Math.floor(k / size)];
    return np.array(laid(standard, channels)).reshape([rows, channels]);
  };
  return {
    async forward({ planes, base }) {
      const both = await predict(network.values(), cells.ref, image(planes, true), image(base, false)).data();
      return withoutMean(picked(both, 2), base);
    },
    step: ({ inputs, base, target, mask }) =>
      network.advance(jax, learn, learningRate, cells.ref, ...[inputs, base, target, mask].map(values => image(values, false))),
    dispose() {
      network.dispose();
      cells.dispose();
      predict.dispose();
      learn.dispose();
    },
  };
}
