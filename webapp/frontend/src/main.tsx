import { render } from 'preact';
import './style/base.css';
import './style/controls.css';
import { App } from './App';

render(<App />, document.getElementById('root')!);
