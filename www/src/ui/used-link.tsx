import { useEffect, useRef } from 'preact/hooks';

import { t } from '../strings.ts';

/** What one sees who opens the link of a room for two that has let somebody in already. */
export function UsedLink() {
  const title = useRef<HTMLHeadingElement>(null);
  // The form that had the focus is gone; and it is to be read out.
  useEffect(() => title.current?.focus(), []);
  return (
    <section class="card-form" aria-labelledby="used-title" data-testid="used-link">
      <h1 ref={title} id="used-title" class="quiet-focus" tabIndex={-1}>
        {t.two.goneTitle}
      </h1>
      <p class="lead">{t.two.goneLead}</p>
      <ul class="terms">
        {t.two.goneAdvice.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
}
