/** Texts about rooms for two, whose link works once. */
export const two = {
  choice: 'Who is it for?',
  many: ['A group', 'Whoever has the link can come in.'],
  pair: ['For two', 'The link lets one person in, once.'],
  inviteTitle: 'Invite one person',
  lead: 'This link works once: it lets one person in, and nobody after. Send it to the one you mean.',
  qr: 'QR code of the link, which works once',
  usedTitle: 'The link is used',
  used: 'The link has let somebody in. It is dead now: nobody else can come in with it. You two can leave and come back from the browsers you use now.',
  joinTitle: 'A room for you two',
  joinLead: 'Somebody opened a room for the two of you. The link works once: it lets you in, and nobody after you.',
  goneTitle: 'This invitation was used',
  goneLead: 'It opened a room for two people, and both places are taken for good.',
  goneAdvice: [
    'Was it you? Open the link in the browser you used then.',
    'It was not you? Ask for a new link, and tell whoever sent it: somebody else may have opened it.',
  ],
  about: 'The room is for two',
  aboutMeans: 'The server and both of your devices refuse a third, whatever link they have.',
} as const;
