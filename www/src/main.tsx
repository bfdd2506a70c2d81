import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/page.css';
import './styles/room.css';
import './styles/composer.css';
import './styles/messages.css';
import './styles/files.css';
import './styles/voice.css';
import './styles/panel.css';
import './styles/safety.css';
import './styles/people.css';

import { render } from 'preact';

import { App } from './app.tsx';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
