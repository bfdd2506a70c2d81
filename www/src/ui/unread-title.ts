import { useEffect, useRef } from 'preact/hooks';

import type { TimelineItem } from '../room/timeline.ts';
import { t } from '../strings.ts';

const isFromOthers = (item: TimelineItem): boolean =>
  (item.kind === 'message' && !item.message.from.self) || (item.kind === 'file' && !item.from.self);

/** Counts in the page's title what came in while the page was hidden. */
export function useUnreadTitle(timeline: readonly TimelineItem[]): void {
  // Each by its id, not all up to the last: what was seen may vanish.
  const seen = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const update = () => {
      if (document.visibilityState === 'visible') seen.current = new Set(timeline.map((item) => item.id));
      const unread = timeline.filter((item) => isFromOthers(item) && !seen.current.has(item.id)).length;
      document.title = unread === 0 ? t.brand : t.unread(unread);
    };
    update();
    document.addEventListener('visibilitychange', update);
    return () => {
      document.removeEventListener('visibilitychange', update);
      document.title = t.brand;
    };
  }, [timeline]);
}
