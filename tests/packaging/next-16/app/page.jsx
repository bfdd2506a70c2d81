import * as api from 'hushroom';

import { exercise } from '../exercise.mjs';
import { Client } from './client';

// A server component, rendered for each request.
export default async function Page({ searchParams }) {
  const { relay } = await searchParams;
  return <Client relay={relay} server={await exercise(api)} />;
}
