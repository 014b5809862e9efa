// Dates in HTTP headers.

const DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The wait in a `Retry-After` header, in milliseconds: seconds, or a date in the future. @param {string} value */
export function retryAfterMs(value) {
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  const [, day, month, year, hour, minute, second] = DATE.exec(text) ?? [];
  const index = MONTHS.indexOf(month);
  if (index < 0) return undefined;
  const wait = Date.UTC(+year, index, +day, +hour, +minute, +second) - Date.now();
  return wait > 0 ? wait : undefined;
}
