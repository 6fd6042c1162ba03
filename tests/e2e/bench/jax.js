// SMEN in jax-js, a peer of `cargo xtask bench`: the same network as ours, in the form that its wasm backend runs best.
//
// Its own convolutions (`lax.convGeneralDilated`), as SMEN is defined, take 55 times as long there, with the zeros put in beforehand 10
// times, and their gradients 60 to 70 times. So a convolution is a sum of products here, one for each tap: images lie one after the other, cell by cell, channels last,
// with zeros after each row and image, so that a tap is a slice. Gradients of these are by hand: its own of a slice pads and adds, and it lets
// nobody give his own. The loss has its own. A prediction, and a step with Adam, are one `jit` each. On WebGPU (a software adapter) this form is
// the faster one too, by a quarter.

/// Where the cells of images lie: taps reach `reach` cells at most, and `below` rows of zeros follow each image.
export function layout(side, images, reach, below) {
  // A multiple of four, which its sums over all cells want.
  const width = side + reach, each = 4 * Math.ceil(((side + below) * width) / 4), margin = reach * (width + 1), rows = images * each;
  const offsets = dilation =>
    Array.from({ length: 9 }, (_, k) => dilation * ((Math.floor(k / 3) - 1) * width + (k % 3) - 1));
  // Planes [images, channels, side, side] to [rows, channels]; what is between them is 0.
  const laid = (values, channels = 1, around = 0) => {
    const out = new Float32Array((rows + 2 * around) * channels);
    for (let n = 0; n < images * channels; n++)
      for (let y = 0; y < side; y++) {
        const from = (n * side + y) * side, to = around + Math.floor(n / channels) * each + y * width;
        for (let x = 0; x < side; x++) out[(to + x) * channels + (n % channels)] = values[from + x];
      }
    return out;
  };
  const picked = (values, of = images) => {
    const out = new Float32Array(of * side * side);
    for (let n = 0; n < of; n++)
      for (let y = 0; y < side; y++) out.set(values.subarray(n * each + y * width, n * each + y * width + side), (n * side + y) * side);
    return out;
  };
  return { each, margin, rows, offsets, laid, picked };
}

/// What both networks are made of. Inside `jit` only: there nothing has to be given back.
export function parts({ numpy: np }, margin) {
  const zeros = (...shape) => np.zeros(shape);
  // Of products: read as lists, they are added by one kernel of vectors instead of the last product's, cell by cell.
  const sum = list => list.map(x => x.reshape([-1])).reduce((a, b) => a.add(b)).reshape(list[0].shape);
  // In a buffer of its own: a mere view is fused into the product that reads it, which then jumps. One row of zeros more.
  const settled = x => np.concatenate([x, zeros(1, ...x.shape.slice(1))], 0);
  const from = (x, start, rows) => x.ref.slice([start, start + rows]);
  return {
    from,
    /// With zeros before and after, which taps may reach into.
    grown: x => np.concatenate([zeros(margin, x.shape[1]), x.ref, zeros(margin, x.shape[1])], 0),
    /// Of grown `x` and `weight` [9, in, out].
    convolved: (x, weight, offsets) =>
      sum(offsets.map((offset, k) => np.matmul(from(x, margin + offset, x.shape[0] - 2 * margin), weight.ref.slice(k)))),
    /// Of the same: gradients of `x` from the grown one of the result, and of the weight from that of the result.
    inputGradient: (g, weight, offsets) => {
      const turned = settled(weight.ref.transpose([0, 2, 1]));
      return sum(offsets.map((offset, k) => np.matmul(from(g, margin - offset, g.shape[0] - 2 * margin), turned.ref.slice(k))));
    },
    weightGradient: (x, g, offsets) => {
      const turned = settled(g.ref.transpose()).slice([0, g.shape[1]]);
      return np.stack(offsets.map(offset => np.matmul(turned.ref, from(x, margin + offset, g.shape[0])))).transpose([0, 2, 1]);
    },
    /// The cells that each tap sees, side by side: better where there are few channels.
    patches: (x, starts, rows) => np.concatenate(starts.map(start => from(x, start, rows)), 1),
    /// A convolution to few channels: one product, whose columns are moved and added. `weight` [9 out, in].
    narrow: (x, weight, offsets, out) => {
      const all = np.matmul(x.ref, weight.ref.transpose());
      const rows = x.shape[0] - 2 * margin;
      return sum(offsets.map((offset, k) => all.ref.slice([margin + offset, margin + offset + rows], [k * out, (k + 1) * out])));
    },
  };
}

/// Adam's step for all parameters; `rates` are the learning rate and the corrections of both moments.
export function adam({ numpy: np }, { values, first, second }, gradients, rates) {
  const next = { values: {}, first: {}, second: {} };
  for (const [name, value] of Object.entries(values)) {
    const g = gradients[name];
    const m = first[name].mul(0.9).add(g.ref.mul(0.1));
    const v = second[name].mul(0.999).add(g.ref.mul(g).mul(0.001));
    const step = m.ref.mul(rates.ref.slice(1)).div(np.sqrt(v.ref.mul(rates.ref.slice(2))).add(1e-8));
    next.values[name] = value.sub(step.mul(rates.ref.slice(0)));
    next.first[name] = m;
    next.second[name] = v;
  }
  return next;
}

/// The parameters that a network has on the device, and Adam's moments of them.
export function state({ numpy: np, tree }, arrays) {
  const array = ([name, { shape, values }]) => [name, np.array(values).reshape(shape)];
  const zero = ([name, { shape }]) => [name, np.zeros(shape)];
  const of = make => Object.fromEntries(Object.entries(arrays).map(make));
  let now = { values: of(array), first: of(zero), second: of(zero) }, steps = 0;
  return {
    values: () => tree.ref(now.values),
    /// Runs `step`, which takes the state, the rates and what follows, and gives a value and the next state; the value once all is computed.
    async advance(jax, step, learningRate, ...more) {
      steps += 1;
      const rates = np.array(new Float32Array([learningRate, 1 / (1 - 0.9 ** steps), 1 / (1 - 0.999 ** steps)]));
      const [value, next] = step(now, rates, ...more);
      now = next;
      const [number] = await value.data();
      await jax.blockUntilReady(now);
      return number;
    },
    dispose: () => tree.dispose(now),
  };
}

/// [out, in, depth, 3, 3] or [out, in, 3, 3] to [9, depth * in, out], with zeros for channels beyond `in`.
export const tapped = ({ shape, values }, wide = shape[1]) => {
  const [out, channels] = shape, depth = shape.length === 5 ? shape[2] : 1;
  const turned = new Float32Array(9 * depth * wide * out);
  for (let o = 0; o < out; o++)
    for (let c = 0; c < channels; c++)
      for (let z = 0; z < depth; z++)
        for (let k = 0; k < 9; k++)
          turned[((k * depth + z) * wide + c) * out + o] = values[((o * channels + c) * depth + z) * 9 + k];
  return { shape: [9, depth * wide, out], values: turned };
};

/// The network with these weights on jax-js's default device, for batches of one size.
export function smen(jax, tensors, { learningRate, batch, side }) {
  const { numpy: np, jit, nn, valueAndGrad } = jax;
  const { each, margin, rows, offsets: at, laid, picked } = layout(side, batch, 1, 1);
  const { from, grown, convolved, inputGradient, weightGradient, patches, narrow } = parts(jax, margin);
  const offsets = at(1), cellsOf = layout(side, 3 * batch, 1, 1), framesOf = layout(side, 4 * batch, 1, 1);
  const arrays = {}, running = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.includes('running')) running[name] = np.array(tensor.values);
    else if (tensor.shape.length < 5) arrays[name] = tensor;
    else arrays[name] = tapped(tensor);
  }
  // The first kernel and the one of the image see one channel, the last makes one: all taps side by side.
  for (const [name, shape] of [['f0.conv.weight', [18, 32]], ['g.weight', [9, 32]], ['h.weight', [9, 32]]]) arrays[name].shape = shape;
  const network = state(jax, arrays);
  const cells = np.array(cellsOf.laid(new Float32Array(3 * batch * side * side).fill(1))).reshape([3 * rows, 1]);

  const seen = d => patches(d, offsets.flatMap(offset => [margin + offset, margin + rows + offset]), 3 * rows);
  // [frames, 32] grown to [frames - 1, 64] grown: neighbouring frames side by side.
  const pairs = x => {
    const length = x.shape[0] - rows;
    return np.concatenate([from(x, 0, length), from(x, rows, length)], 1);
  };
  const ends = (p, x, i, inside) => {
    const image = patches(i, offsets.map(offset => margin + offset), rows);
    const joined = grown(np.matmul(image.ref, p['g.weight'].ref).add(p['g.bias'].ref).add(x).mul(inside));
    const estimate = narrow(joined, p['h.weight'], offsets, 1).add(p['h.bias'].ref);
    return { image, joined, estimate };
  };

  const predict = jit((p, running, cells, i, d) => {
    let x;
    for (let block = 0; block < 3; block++) {
      const of = name => p[`f${block}.${name}`].ref, told = name => running[`f${block}.bn.running_${name}`].ref;
      const z = (block ? convolved(pairs(grown(x)), of('conv.weight'), offsets) : np.matmul(seen(d), of('conv.weight'))).add(of('conv.bias'));
      const scale = of('bn.weight').div(np.sqrt(told('var').add(1e-5)));
      const inside = from(cells, 0, z.shape[0]);
      x = nn.relu(z).mul(scale.ref).add(of('bn.bias').sub(told('mean').mul(scale))).mul(inside);
    }
    return ends(p, x, i, from(cells, 0, rows)).estimate;
  });

  const loss = (estimate, target, mask) => {
    const [e, t, m] = [estimate, target, mask].map(x => x.reshape([batch, each])), count = m.ref.sum(1, { keepdims: true });
    const difference = e.sub(t).mul(m.ref);
    const unbiased = difference.ref.sub(difference.sum(1, { keepdims: true }).div(count.ref)).mul(m);
    return np.sqrt(np.square(unbiased).sum(1).div(count.reshape([batch]))).mean();
  };
  const learn = jit((now, rates, cells, i, d, target, mask) => {
    const p = now.values, kept = [], gradients = {};
    let x;
    for (let block = 0; block < 3; block++) {
      const of = name => p[`f${block}.${name}`].ref;
      const input = block ? pairs(grown(x)) : seen(d);
      const z = (block ? convolved(input, of('conv.weight'), offsets) : np.matmul(input.ref, of('conv.weight'))).add(of('conv.bias'));
      const inside = from(cells, 0, z.shape[0]), count = z.shape[0] / each * side * side;
      const y = nn.relu(z).mul(inside.ref), mean = y.ref.sum(0).div(count);
      const centred = y.ref.sub(mean).mul(inside.ref);
      const inverse = np.reciprocal(np.sqrt(np.square(centred.ref).sum(0).div(count).add(1e-5)));
      const normed = centred.mul(inverse.ref);
      x = normed.ref.mul(of('bn.weight')).add(of('bn.bias')).mul(inside.ref);
      kept.push({ input, y, normed, inverse, inside, count });
    }
    const { image, joined, estimate } = ends(p, x, i, from(cells, 0, rows));
    const [value, dEstimate] = valueAndGrad(loss)(estimate, target, mask);

    gradients['h.bias'] = dEstimate.ref.sum(0);
    const spread = patches(grown(dEstimate), offsets.map(offset => margin - offset), rows);
    gradients['h.weight'] = np.matmul(spread.ref.transpose(), from(joined, margin, rows));
    let g = np.matmul(spread, p['h.weight'].ref).mul(from(cells, 0, rows));
    gradients['g.bias'] = g.ref.sum(0);
    gradients['g.weight'] = np.matmul(image.transpose(), g.ref);
    for (let block = 2; block >= 0; block--) {
      const name = part => `f${block}.${part}`, { input, y, normed, inverse, inside, count } = kept[block];
      const sum = g.ref.sum(0), along = g.ref.mul(normed.ref).sum(0);
      gradients[name('bn.bias')] = sum;
      gradients[name('bn.weight')] = along;
      const scale = p[name('bn.weight')].ref.mul(inverse);
      const behind = g.sub(sum.ref.div(count)).sub(normed.mul(along.ref.div(count))).mul(scale).mul(inside);
      const dz = np.where(y.greater(0), behind, 0);
      gradients[name('conv.bias')] = dz.ref.sum(0);
      if (block) {
        gradients[name('conv.weight')] = weightGradient(input, dz.ref, offsets);
        const both = inputGradient(grown(dz), p[name('conv.weight')].ref, offsets);
        g = np.pad(both.ref.slice([], [0, 32]), [[0, rows], [0, 0]]).add(np.pad(both.slice([], [32, 64]), [[rows, 0], [0, 0]]));
        g = g.mul(from(cells, 0, g.shape[0]));
      } else gradients[name('conv.weight')] = np.matmul(input.transpose(), dz);
    }
    return [value, adam(jax, now, gradients, rates)];
  });

  // A sample's [batch, frames, side, side] with the frames outermost.
  const frames = values => {
    const size = side * side, out = new Float32Array(values.length);
    for (let b = 0; b < batch; b++)
      for (let f = 0; f < 4; f++) out.set(values.subarray((b * 4 + f) * size, (b * 4 + f + 1) * size), (f * batch + b) * size);
    return out;
  };
  const around = (of, values) => np.array(of.laid(values, 1, margin)).reshape([-1, 1]);
  const image = values => around({ laid }, values), history = values => around(framesOf, frames(values));
  const alone = values => np.array(laid(values)).reshape([-1, 1]);
  return {
    async forward({ i, d }) {
      return picked(await predict(network.values(), jax.tree.ref(running), cells.ref, image(i), history(d)).data());
    },
    step: ({ i, d, target, mask }) => network.advance(jax, learn, learningRate, cells.ref, image(i), history(d), alone(target), alone(mask)),
    dispose() {
      network.dispose();
      jax.tree.dispose(running);
      cells.dispose();
      predict.dispose();
      learn.dispose();
    },
  };
}
