import type { ComponentChildren } from 'preact';

/** Icons say nothing to a screen reader: the control they stand in carries the words. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const line = (path: string) => () => (
  <Icon>
    <path d={path} />
  </Icon>
);

export const SendIcon = line('M5 12h13M12.5 5.5 19 12l-6.5 6.5');
export const AttachIcon = line(
  'm19.5 11.5-7.8 7.8a5 5 0 0 1-7-7l8.3-8.3a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.2a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5',
);
export const ReplyIcon = line('M9.5 6 4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6V19');
export const SmileIcon = line(
  'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM8.5 14.2c.8 1.2 2 1.9 3.5 1.9s2.7-.7 3.5-1.9M9.2 9.5v.6M14.8 9.5v.6',
);
export const CloseIcon = line('m6.5 6.5 11 11M17.5 6.5l-11 11');
export const CopyIcon = line('M9 9h10v11H9ZM15 9V4.5H5V15h4');
export const ShareIcon = line('M12 15V4M8 7.5 12 3.5l4 4M6 11.5H5V20.5h14v-9h-1');
export const InviteIcon = line(
  'M10 11.5a3.7 3.7 0 1 0 0-7.5 3.7 3.7 0 0 0 0 7.5ZM3.5 20c.4-3.6 3-5.8 6.5-5.8s6.1 2.2 6.5 5.8M18.5 8v6M15.5 11h6',
);
export const PeopleIcon = line(
  'M9 11.5A3.5 3.5 0 1 0 9 4.5a3.5 3.5 0 0 0 0 7ZM2.8 19.5c.4-3.3 2.9-5.3 6.2-5.3s5.8 2 6.2 5.3M15.5 4.8a3.5 3.5 0 0 1 0 6.4M17.5 14.6c2 .7 3.4 2.4 3.7 4.9',
);
export const LeaveIcon = line('M10 4.5H5.5v15H10M15 8l4 4-4 4M19 12H10');
export const FileIcon = line('M13.5 3.5H6.5v17h11v-13ZM13.5 3.5v4h4');
export const SaveIcon = line('M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14');
export const DownIcon = line('M12 5v13.5M6 12.5l6 6 6-6');
export const LockIcon = line('M6 10.5h12V20H6ZM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5');
export const ClockIcon = line('M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2');
export const TimerIcon = line('M12 20.5a7.2 7.2 0 1 0 0-14.5 7.2 7.2 0 0 0 0 14.5ZM12 9.8v3.7l2.2 1.4M9.5 3h5');
export const MicIcon = line(
  'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3ZM6 11.5a6 6 0 0 0 12 0M12 17.5v3.2M9 20.7h6',
);
export const PlayIcon = line('M8.5 5.5v13l10-6.5Z');
export const PauseIcon = line('M9 6v12M15 6v12');
export const BinIcon = line('M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 10.5v5.5M13.7 10.5v5.5');
export const SignedIcon = line(
  'M12 3.5 5.5 6v5.2c0 4.2 2.7 7.4 6.5 9.3 3.8-1.9 6.5-5.1 6.5-9.3V6ZM9 11.8l2.2 2.2 3.9-4',
);
export const UnsignedIcon = line('M12 3.5 5.5 6v5.2c0 4.2 2.7 7.4 6.5 9.3 3.8-1.9 6.5-5.1 6.5-9.3V6Z');
export const UncheckedIcon = line(
  'M12 3.5 5.5 6v5.2c0 4.2 2.7 7.4 6.5 9.3 3.8-1.9 6.5-5.1 6.5-9.3V6ZM10.2 9.6a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.2M12 15.2v.1',
);
export const ForgedIcon = line(
  'M12 3.5 5.5 6v5.2c0 4.2 2.7 7.4 6.5 9.3 3.8-1.9 6.5-5.1 6.5-9.3V6ZM9.8 9.5l4.4 4.6M14.2 9.5l-4.4 4.6',
);
export const KeyIcon = line('M8 16.5a4 4 0 1 1 0-8 4 4 0 0 1 0 8ZM12 12.5h8.5M17 12.5v3.2M20.5 12.5v2.4');
export const AlertIcon = line('M12 4 3 19.5h18ZM12 10v4.5M12 17v.1');
export const CameraIcon = line('M4 8h3.5L9 5.5h6L16.5 8H20v11H4ZM12 16.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4Z');
export const CheckIcon = line('m5 12.5 4.5 4.5L19 7.5');

/** The mushroom, as in `public/favicon.svg`. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <path class="mark-stem" d="M11.2 17h9.6l1.1 9.1a3 3 0 0 1-3 3.4h-5.8a3 3 0 0 1-3-3.4Z" />
      <path
        class="mark-cap"
        d="M16 2.5C8 2.5 2.2 8.3 2.2 15.1c0 2 1.5 3.4 3.5 3.4h20.6c2 0 3.5-1.4 3.5-3.4C29.8 8.3 24 2.5 16 2.5Z"
      />
      <g class="mark-dots">
        <circle cx="9.5" cy="11.8" r="2" />
        <circle cx="16" cy="7.6" r="1.7" />
        <circle cx="22" cy="12.2" r="2.3" />
      </g>
      <path class="mark-keyhole" d="M16 20.4a1.8 1.8 0 0 0-.9 3.4l-.5 2.6h2.8l-.5-2.6a1.8 1.8 0 0 0-.9-3.4Z" />
    </svg>
  );
}
