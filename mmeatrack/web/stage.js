const canvas = element.querySelector('canvas');
const context = canvas.getContext('2d');
const picture = new Image();
let start = null;
let end = null;

function paint() {
  context.drawImage(picture, 0, 0);
  if (!start || !end) return;
  context.lineWidth = 2 * canvas.width / canvas.clientWidth;
  context.setLineDash([8, 5]);
  context.strokeStyle = 'white';
  context.shadowColor = 'black';
  context.shadowBlur = 3;
  context.strokeRect(start[0], start[1], end[0] - start[0], end[1] - start[1]);
  context.shadowBlur = 0;
}

function place(event) {
  const area = canvas.getBoundingClientRect();
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  return [
    clamp((event.clientX - area.left) / area.width, 1) * canvas.width,
    clamp((event.clientY - area.top) / area.height, 1) * canvas.height,
  ];
}

function show() {
  element.classList.toggle('empty', !props.value);
  if (props.value) picture.src = props.value;
}

picture.onload = () => {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  paint();
};
canvas.onpointerdown = (event) => {
  if (!props.value) return;
  canvas.setPointerCapture(event.pointerId);
  start = place(event);
  event.preventDefault();
};
canvas.onpointermove = (event) => {
  if (!start) return;
  end = place(event);
  paint();
};
canvas.onpointerup = () => {
  if (start && end && Math.abs(end[0] - start[0]) * Math.abs(end[1] - start[1]) > 9) {
    const share = (a, b, length) => [Math.min(a, b) / length, Math.abs(a - b) / length];
    const [x, w] = share(start[0], end[0], canvas.width);
    const [y, h] = share(start[1], end[1], canvas.height);
    trigger('select', {x, y, w, h});
  }
  start = end = null;
  paint();
};
canvas.onpointercancel = () => {
  start = end = null;
  paint();
};
watch('value', show);
show();
