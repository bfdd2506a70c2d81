import type { Member } from 'hushroom/room';

const TONES = 8;

/** Goes by the device key, so that a member keeps the colour when the name changes. */
function toneOf({ deviceKey }: Member): number {
  let sum = 0;
  for (const character of deviceKey) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % TONES;
}

/** A member's initial on the member's colour. The name always stands beside it. */
export function Avatar({ member }: { readonly member: Member }) {
  const initial = [...new Intl.Segmenter().segment(member.name)][0]?.segment ?? '';
  return (
    <span class={`avatar tone-${toneOf(member)}`} aria-hidden="true">
      {initial.toUpperCase()}
    </span>
  );
}
