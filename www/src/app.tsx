import { useEffect, useState } from 'preact/hooks';

import { hashOf, linkInAddress } from './room/invite.ts';
import type { Session } from './room/session.ts';
import { t } from './strings.ts';
import { JoinScreen } from './ui/join-screen.tsx';
import { LiveRegion } from './ui/live-region.tsx';
import { RoomScreen } from './ui/room-screen.tsx';
import { StartScreen } from './ui/start-screen.tsx';

type Screen =
  | { readonly at: 'start' }
  | { readonly at: 'join'; readonly code: string }
  | { readonly at: 'room'; readonly session: Session };

const atAddress = (): Screen => {
  const code = linkInAddress();
  return code === '' ? { at: 'start' } : { at: 'join', code };
};

/** Puts a code into the address bar, so that a reload finds the room again; without one takes it out. */
function showInAddress(code: string): void {
  history.replaceState(null, '', code === '' ? location.pathname : hashOf(code));
}

/** The page: start, join, or room. */
export function App() {
  const [screen, setScreen] = useState(atAddress);

  useEffect(() => {
    const onHashChange = () => {
      if (screen.at !== 'room') {
        setScreen(atAddress());
      } else if (linkInAddress() !== hashOf(screen.session.room.code)) {
        showInAddress(screen.session.room.code);
        screen.session.notify(t.otherLink);
      }
    };
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, [screen]);

  const enter = (session: Session) => {
    showInAddress(session.room.code);
    setScreen({ at: 'room', session });
  };
  const restart = () => {
    showInAddress('');
    setScreen({ at: 'start' });
  };
  return (
    <>
      {screen.at === 'start' && <StartScreen onCode={(code) => setScreen({ at: 'join', code })} onEnter={enter} />}
      {screen.at === 'join' && <JoinScreen key={screen.code} code={screen.code} onEnter={enter} onBack={restart} />}
      {screen.at === 'room' && <RoomScreen session={screen.session} onLeft={restart} />}
      <LiveRegion />
    </>
  );
}
