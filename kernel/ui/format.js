/** US dollars: short, with the digits that matter. */
export function dollars(usd) {
  if (usd === undefined) return '';
  const size = Math.abs(usd);
  if (size === 0) return '$0';
  if (size >= 1000) return `$${Math.round(usd).toLocaleString('en')}`;
  if (size >= 0.995) return `$${usd.toFixed(2)}`;
  if (size < 1e-6) return `$${usd.toExponential(1)}`;
  return `$${usd.toFixed(Math.min(7, 2 - Math.floor(Math.log10(size))))}`;
}

/** A length of time. @param ms milliseconds */
export function duration(ms) {
  if (ms === undefined) return '';
  if (ms < 1) return ms < 0.05 ? '0 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A moment, as a clock shows it. @param at milliseconds since the epoch */
export function clock(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}

export function count(number) {
  return number === undefined ? '' : number.toLocaleString('en');
}

export function share(quality) {
  return quality === undefined ? '' : quality.toFixed(2);
}

export function megabytes(bytes) {
  return `${count(Math.round(bytes / 2 ** 20))} MB`;
}
