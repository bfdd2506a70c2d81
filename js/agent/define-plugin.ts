import type { Plugin, PluginDefinition } from './arthas-types.js';

/** Wraps what a plugin is, as hosts of Arthas' agent plugins expect it. */
export function definePlugin(definition: PluginDefinition): Plugin {
  return { definition };
}
