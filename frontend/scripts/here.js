// The device's own position into a field of latitude and longitude: only when somebody asks for it.
import { toast } from './messages.js';

const DIGITS = 7;
const plain = (degrees) => String(Number(degrees.toFixed(DIGITS)));

export function here(button) {
  const input = document.getElementById(button.dataset.here);
  const denied = () => { button.disabled = false; toast(button.dataset.denied, 'bad'); };
  button.addEventListener('click', () => {
    if (!navigator.geolocation) return denied();
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      button.disabled = false;
      input.value = `${plain(coords.latitude)}, ${plain(coords.longitude)}`;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, denied, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 });
  });
}
