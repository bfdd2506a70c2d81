import { useEffect, useRef } from 'preact/hooks';

import type { TimelineItem } from '../room/timeline.ts';
import { t } from '../strings.ts';

const isFromOthers = (item: TimelineItem): boolean =>
  (item.kind === 'message' && !item.message.from.self) || (item.kind === 'file' && !item.from.self);

/** Counts in the page's title what came in while the page was hidden. */
export function useUnreadTitle(timeline: readonly TimelineItem[]): void {
  const lastSeen = useRef<TimelineItem>(undefined);
  useEffect(() => {
    const update = () => {
      if (document.visibilityState === 'visible') lastSeen.current = timeline.at(-1);
      const from = timeline.findLastIndex((item) => item.id === lastSeen.current?.id) + 1;
      const unread = timeline.slice(from).filter(isFromOthers).length;
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
