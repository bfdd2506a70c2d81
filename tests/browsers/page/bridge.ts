declare const __BRIDGE__: string;

/** Where the runner answers. */
export const bridge: string = __BRIDGE__;

/** Asks the runner for something. */
export async function ask<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(`${bridge}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}
