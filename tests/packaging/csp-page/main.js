import * as api from 'hushroom';
import * as room from 'hushroom/room';

import { exercise } from './exercise.mjs';

const relay = new URLSearchParams(location.search).get('relay');
const show = (text) => (document.querySelector('#result').textContent = text);
exercise(api, room, relay).then(show, (error) => show(`error: ${error.code}: ${error.message}`));
