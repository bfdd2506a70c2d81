import { t } from '../strings.ts';

// The page speaks English, so dates do too, in the reader's own English and with the reader's own clock.
const locales = [...navigator.languages.filter((language) => language.startsWith('en')), 'en'];
const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();

const time = new Intl.DateTimeFormat(locales, { hour: 'numeric', minute: '2-digit', ...(hourCycle && { hourCycle }) });
const day = new Intl.DateTimeFormat(locales, { weekday: 'long', day: 'numeric', month: 'long' });
const moment = new Intl.DateTimeFormat(locales, {
  dateStyle: 'medium',
  timeStyle: 'short',
  ...(hourCycle && { hourCycle }),
});
const date = new Intl.DateTimeFormat(locales, { dateStyle: 'medium' });
const list = new Intl.ListFormat(locales, { type: 'conjunction' });
const percents = new Intl.NumberFormat(locales, { style: 'percent' });

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const DAY_MS = 86_400_000;

/** `1536` is `1.5 kB`: powers of ten, as disks and browsers count. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  const maximumFractionDigits = power < 2 || value >= 100 ? 0 : 1;
  const unit = UNITS[power] ?? 'byte';
  return new Intl.NumberFormat(locales, {
    style: 'unit',
    unit,
    unitDisplay: power ? 'short' : 'long',
    maximumFractionDigits,
  }).format(value);
}

/** Bytes per second. */
export const formatRate = (rate: number): string => `${formatBytes(rate)}/s`;

/** 0 to 1; rounded down, so that 100 % means all of it. */
export const formatPercent = (part: number): string => percents.format(Math.floor(part * 100) / 100);

/** A span of time in its two largest units: `1 hr, 5 min`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts: [number, 'day' | 'hour' | 'minute' | 'second'][] = [
    [Math.floor(whole / 86_400), 'day'],
    [Math.floor(whole / 3600) % 24, 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return unitOf(0, 'second');
  // Seconds are noise next to ten minutes and more.
  const shown = parts.slice(first, first + (first === 2 && whole >= 600 ? 1 : 2)).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => unitOf(count, unit)).join(' ');
}

function unitOf(count: number, unit: string): string {
  return new Intl.NumberFormat(locales, { style: 'unit', unit, unitDisplay: 'short' }).format(count);
}

/** Time that is left of something that is only guessed at: whole minutes above one and a half. */
export const formatLeft = (seconds: number): string =>
  formatSpan(seconds > 90 ? Math.ceil(seconds / 60) * 60 : seconds);

/** A length of time as players show it: `0:07`, `12:30`, `1:02:03`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** Time of day. */
export const formatTime = (ms: number): string => time.format(ms);

/** Date and time of day. */
export const formatMoment = (ms: number): string => moment.format(ms);

/** A date. */
export const formatDate = (ms: number): string => date.format(ms);

/** `Today`, `Yesterday`, or the date. */
export function formatDay(ms: number, now = Date.now()): string {
  if (sameDay(ms, now)) return t.log.today;
  return sameDay(ms, now - DAY_MS) ? t.log.yesterday : day.format(ms);
}

export const sameDay = (a: number, b: number): boolean => new Date(a).toDateString() === new Date(b).toDateString();

/** `Ana, Ben and Cleo`. */
export const formatList = (items: readonly string[]): string => list.format(items);
