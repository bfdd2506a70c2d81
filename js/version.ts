import { BUILD } from '#glue';

/**
 * The version of this package.
 *
 * @example
 * ```ts
 * import { version } from 'hushroom';
 *
 * version(); // '0.1.0'
 * ```
 */
export function version(): string {
  return BUILD.split(' ', 1)[0] as string;
}
