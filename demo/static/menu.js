// Every other verdict: a menu that opens at the button that asked for it, by mouse, touch or keyboard.
const menu = part("menu");
let menuOf = null; // the button it belongs to

function openMenu(button, said, act, more = []) {
  menuOf = button;
  const items = VOCABULARY.map(({ name, role, meaning }) => {
    const item = makeButton("menu-item", "");
    item.setAttribute("role", "menuitemradio");
    item.setAttribute("aria-checked", String(name === said));
    item.dataset.role = role;
    item.dataset.verdict = name;
    const words = make("span", "menu-words");
    words.append(make("b", "", upper(name)), make("span", "", meaning));
    item.append(words, makeKey(keys.get(name)));
    item.addEventListener("click", () => choose(() => act(name)));
    return item;
  });
  for (const [label, key, also] of more) {
    const item = makeButton("menu-item is-other", "");
    item.setAttribute("role", "menuitem");
    item.append(make("b", "menu-words", label), ...(key ? [makeKey(key)] : []));
    item.addEventListener("click", () => choose(also));
    items.push(item);
  }
  menu.replaceChildren(...items);
  menu.showPopover();
  const at = button.getBoundingClientRect(), box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.right - box.width, innerWidth - box.width - 8))}px`;
  menu.style.top = `${at.bottom + box.height + 8 < innerHeight ? at.bottom + 6 : Math.max(8, at.top - box.height - 6)}px`;
  items[0].focus({ preventScroll: true });
}

function choose(act) {
  menu.hidePopover();
  act();
}

menu.addEventListener("toggle", (event) => {
  menuOf?.setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "closed" && menu.contains(document.activeElement)) menuOf?.focus();
});
menu.addEventListener("keydown", (event) => {
  event.stopPropagation();
  const items = [...menu.children], at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  const item = items.find((one) => one.dataset.verdict && one.dataset.verdict === verdictOf(keyOf(event)));
  if (to !== undefined) items[(to + items.length) % items.length].focus();
  else if (event.key === "Escape" || event.key === "Tab") {
    menu.hidePopover();
    menuOf?.focus();
  } else if (item) item.click();
  else return;
  event.preventDefault();
});
