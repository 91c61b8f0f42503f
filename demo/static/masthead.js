// The page's head: the name, and how large the catalogue is.
element.querySelector('[data-part="facts"]').textContent = `${props.garments.toLocaleString("en")} garments`;
