// Contestants take turns, so that a busy machine disturbs all alike.

/// Median, least and middle half of some times.
export const spread = times => {
  const sorted = [...times].sort((a, b) => a - b), at = share => sorted[Math.floor(share * (sorted.length - 1))];
  return { median: at(0.5), least: sorted[0], quarter: at(0.25), three_quarters: at(0.75), times };
};

/// Largest difference of two lists of numbers, over the largest number of the first.
export const gap = (ours, theirs) => {
  const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return theirs.reduce((most, value, k) => Math.max(most, Math.abs(value - ours[k])), 0) / largest;
};

/// Measures a task. A contestant has a name and for each task a way to start it for a batch; `values` is what all are given. The first runs
/// warm the engine up and are compared with the first contestant's: estimates, or for `step` the losses of three steps from the same weights.
export async function inTurn({ network, task, batch }, contestants, values, rounds) {
  const running = [];
  for (const { name, label, [task]: open } of contestants) if (open) running.push({ name, label, times: [], first: [], ...(await open(batch)) });
  for (const one of running) for (let k = 0; k < 3; k++) one.first.push(await one.run(values));
  for (let k = 0; k < rounds; k++)
    for (let n = 0; n < running.length; n++) {
      const one = running[(n + k) % running.length];
      const start = performance.now();
      await one.run(values);
      one.times.push(performance.now() - start);
    }
  const numbers = first => (task === 'step' ? first : first[2]);
  return running.map(({ name, label, times, first, free }) => {
    free();
    const apart = gap(numbers(running[0].first), numbers(first));
    return { network, task, batch, name, label, device: 'cpu', gap: apart, ...spread(times), ...(task === 'step' ? { losses: first } : {}) };
  });
}
