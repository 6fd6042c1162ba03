// SMEN in TensorFlow.js, the peer of `cargo xtask bench`: the same network as ours, in the form that its wasm backend runs best.
//
// Channels last; the frames of the history are folded into the batch, frame by frame, and a kernel of depth 2 is a 2D kernel over two
// neighbouring frames side by side as channels. The wasm backend has no Conv2DBackpropFilter: the gradient of a kernel is the product
// of all patches with the gradient, or (`swapped`) a convolution whose batch and channels have changed places.

/// Tensors of a safetensors file: name to { shape, values }.
export function safetensors(bytes) {
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  delete head.__metadata__;
  const tensors = {};
  for (const [name, { shape, data_offsets: [from, to] }] of Object.entries(head))
    tensors[name] = { shape, values: new Float32Array(bytes.slice(8 + length + from, 8 + length + to)) };
  return tensors;
}

/// What the wasm backend lacks or is slow at, of convolutions of 3 x 3: gradients of kernel and input, and the sum over all but the channels.
export function gradients(tf, swapped) {
  const filterGradient = (x, dy, dilation = 1) => {
    const [n, h, w, channels] = x.shape, out = dy.shape[3], pad = [dilation, dilation];
    const padded = tf.pad(x, [[0, 0], pad, pad, [0, 0]]);
    // Cells that are `dilation` apart are a stride of the turned convolution.
    if (swapped)
      return tf.conv2d(padded.transpose([3, 1, 2, 0]), dy.transpose([1, 2, 0, 3]), dilation, 'valid').transpose([1, 2, 0, 3]);
    const first = padded.transpose([3, 0, 1, 2]), taps = [];
    for (let y = 0; y < 3; y++)
      for (let k = 0; k < 3; k++)
        taps.push(tf.slice(first, [0, 0, y * dilation, k * dilation], [channels, n, h, w]).reshape([channels, n * h * w]));
    return tf.matMul(tf.concat(taps, 0), dy.reshape([n * h * w, out])).reshape([3, 3, channels, out]);
  };
  // A convolution with the kernel turned round: the backend's own gradient of the input (conv2dTranspose) takes several times as long.
  const inputGradient = (filter, dy, dilation = 1) =>
    tf.conv2d(dy, filter.reverse([0, 1]).transpose([0, 1, 3, 2]), 1, 'same', 'NHWC', dilation);
  // Sum over all but the channels, as a product: the backend's own sum over the outer axes first moves all values.
  const channelSums = x => {
    const channels = x.shape[3], count = x.size / channels;
    return tf.matMul(tf.ones([1, count]), x.reshape([count, channels])).reshape([channels]);
  };
  return { filterGradient, inputGradient, channelSums };
}

/// The network with these weights on the current backend of `tf`.
export function smen(tf, tensors, learningRate, swapped = false) {
  const { filterGradient, inputGradient, channelSums } = gradients(tf, swapped);
  const value = name => tf.tensor(tensors[name].values, tensors[name].shape);
  // [out, in, depth, 3, 3] to [3, 3, depth * in, out].
  const kernel = name => tf.tidy(() => {
    const [out, channels, depth] = tensors[name].shape;
    return value(name).reshape([out, channels, depth, 9]).transpose([3, 2, 1, 0]).reshape([3, 3, depth * channels, out]);
  });
  const variables = {};
  const keep = (name, tensor) => { variables[name] = tf.variable(tensor, true); };
  const running = {};
  for (const name of Object.keys(tensors)) {
    if (name.endsWith('running_mean') || name.endsWith('running_var')) running[name] = value(name);
    else keep(name, tensors[name].shape.length === 5 ? kernel(name) : value(name));
  }

  const convolution = activation => tf.customGrad((x, filter, bias, save) => {
    const y = tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation });
    save(activation === 'relu' ? [x, filter, y] : [x, filter]);
    return {
      value: y,
      gradFunc: (dy, [x, filter, y]) => {
        const g = y ? dy.mul(y.step()) : dy;
        return [inputGradient(filter, g), filterGradient(x, g), channelSums(g)];
      },
    };
  });
  const linear = convolution('linear'), rectified = convolution('relu');
  const norm = tf.customGrad((x, gamma, beta, save) => {
    const count = x.size / x.shape[3];
    const mean = channelSums(x).div(count), centred = x.sub(mean);
    const inverse = channelSums(centred.square()).div(count).add(1e-5).rsqrt();
    const normed = centred.mul(inverse);
    save([normed, inverse, gamma]);
    return {
      value: normed.mul(gamma).add(beta),
      gradFunc: (dy, [normed, inverse, gamma]) => {
        const sum = channelSums(dy), along = channelSums(dy.mul(normed));
        const dx = dy.sub(sum.div(count)).sub(normed.mul(along.div(count))).mul(gamma.mul(inverse));
        return [dx, along, sum];
      },
    };
  });
  const conv = (x, name, kind = linear) => kind(x, variables[name + '.weight'], variables[name + '.bias']);
  const pairs = (x, batch) => {
    const rest = x.shape[0] - batch, size = x.shape.slice(1);
    return tf.concat([tf.slice(x, [0, 0, 0, 0], [rest, ...size]), tf.slice(x, [batch, 0, 0, 0], [rest, ...size])], 3);
  };
  // i [B, h, w, 1], d [4 B, h, w, 1] (frame by frame) to [B, h, w, 1].
  const forward = (i, d, training) => {
    const batch = i.shape[0];
    let x = d;
    for (let block = 0; block < 3; block++) {
      const part = name => `f${block}.bn.${name}`;
      x = conv(pairs(x, batch), `f${block}.conv`, rectified);
      const [gamma, beta] = [variables[part('weight')], variables[part('bias')]];
      if (training) {
        x = norm(x, gamma, beta);
      } else {
        const scale = gamma.div(running[part('running_var')].add(1e-5).sqrt());
        x = x.mul(scale).add(beta.sub(running[part('running_mean')].mul(scale)));
      }
    }
    return conv(conv(i, 'g').add(x), 'h');
  };
  const loss = (estimate, target, mask) => {
    const images = tensor => tensor.reshape([estimate.shape[0], -1]);
    const m = images(mask), count = m.sum(1, true);
    const difference = images(estimate).sub(images(target)).mul(m);
    const unbiased = difference.sub(difference.sum(1, true).div(count)).mul(m);
    return unbiased.square().sum(1).div(count.reshape([-1])).sqrt().mean();
  };
  const adam = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  // A sample's [B, frames, h, w] with the frames outermost, channels last.
  const image = (values, batch, frames, side) => {
    const cells = side * side, folded = new Float32Array(values.length);
    for (let b = 0; b < batch; b++)
      for (let f = 0; f < frames; f++) folded.set(values.subarray((b * frames + f) * cells, (b * frames + f + 1) * cells), (f * batch + b) * cells);
    return tf.tensor4d(folded, [frames * batch, side, side, 1]);
  };

  return {
    async forward({ i, d }, batch, side) {
      const estimate = tf.tidy(() => forward(image(i, batch, 1, side), image(d, batch, 4, side), false));
      const values = await estimate.data();
      estimate.dispose();
      return values;
    },
    async step({ i, d, target, mask }, batch, side) {
      const value = tf.tidy(() => {
        const [ti, td, tt, tm] = [[i, 1], [d, 4], [target, 1], [mask, 1]].map(([values, frames]) => image(values, batch, frames, side));
        return adam.minimize(() => loss(forward(ti, td, true), tt, tm), true, Object.values(variables));
      });
      const [number] = await value.data();
      value.dispose();
      return number;
    },
    dispose() {
      Object.values(variables).concat(Object.values(running)).forEach(tensor => tensor.dispose());
      adam.dispose();
    },
  };
}
