// The document in another language, in place; what a text becomes, src/ui/language.rs says. Fetched by those who do not read English.
//
// A text's node stays the one the page made: only what is in it changes, and the English is kept beside it. What the page writes later is
// seen by an observer, whose call comes before anything is drawn or read aloud.
'use strict';
const ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext', 'aria-roledescription'];
// English and translation, by node; of an element, by attribute.
const kept = Object.fromEntries(['', ...ATTRIBUTES].map(name => [name, new WeakMap()]));
// Texts that were asked for before; a page shows some hundred at a time.
const before = new Map();
let translate = null;

// The phrases of a language, each before its translation.
export async function phrases(language) {
  const answer = await fetch(`./words/${language}.json`);
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  return Object.entries(await answer.json()).flat();
}

function said(english) {
  if (!translate || !/\p{L}{2}/u.test(english)) return null;
  let other = before.get(english);
  if (other === undefined) {
    if (before.size >= 4000) before.clear();
    before.set(english, other = translate(english));
  }
  return other;
}

// What is to stand in place of what is there now; keeps the English.
function turned(name, node, now) {
  const pair = kept[name].get(node);
  // What the page wrote itself is English.
  const english = pair && pair[1] === now ? pair[0] : now;
  const other = said(english);
  if (other === null) kept[name].delete(node);
  else kept[name].set(node, [english, other]);
  return other ?? english;
}

function text(node) {
  const other = turned('', node, node.data);
  if (other !== node.data) node.data = other;
}

function attribute(element, name) {
  const now = element.getAttribute(name);
  if (now === null) return;
  const other = turned(name, element, now);
  if (other !== now) element.setAttribute(name, other);
}

// A node and all in it, but for what is a name or the user's own.
function walk(node) {
  if (node.nodeType === Node.TEXT_NODE) return text(node);
  if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute('translate') === 'no') return;
  for (const name of ATTRIBUTES) attribute(node, name);
  for (let child = node.firstChild; child; child = child.nextSibling) walk(child);
}

const observer = new MutationObserver(records => {
  for (const { type, target, attributeName, addedNodes } of records) {
    const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    if (element?.closest('[translate=no]')) continue;
    if (type === 'characterData') text(target);
    else if (type === 'attributes') attribute(target, attributeName);
    else addedNodes.forEach(walk);
  }
  // What was written here is no news.
  observer.takeRecords();
});

// From now on the page says what `translate` makes of its texts; English without one.
export function show(how) {
  translate = how;
  before.clear();
  observer.disconnect();
  for (const root of [document.body, document.querySelector('title')]) {
    walk(root);
    if (translate) observer.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });
  }
}
