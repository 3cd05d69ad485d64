// Draws a chart in place of its still picture, which stays where plotly.js cannot be had.
(function (id, address, themes, config, panels) {
  var boxes = document.querySelectorAll('[data-plotly-chart="' + id + '"]:not([data-drawn])');

  function library() {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    window.plotlyOfCharts = window.plotlyOfCharts || new Promise(function (done, failed) {
      if (typeof window.define === 'function' && window.define.amd && window.require) {
        window.require([address], done, failed);
        return;
      }
      var script = document.createElement('script');
      script.src = address;
      script.onload = function () { window.Plotly ? done(window.Plotly) : failed(); };
      script.onerror = failed;
      document.head.appendChild(script);
    });
    return window.plotlyOfCharts;
  }

  // The page's letters are light where its background is dark, whatever made it so.
  function isDark(element) {
    var color = /^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)/.exec(getComputedStyle(element).color);
    return color ? 0.3 * color[1] + 0.6 * color[2] + 0.1 * color[3] > 140 : matchMedia('(prefers-color-scheme: dark)').matches;
  }

  // Where nothing hovers, the bar of buttons would lie over the heading and a finger that scrolls would zoom.
  var touched = !matchMedia('(hover: hover)').matches;

  // plotly.js cuts a heading that is wider than its chart.
  function wrapped(text, width) {
    var line = 0;
    return (text || '').split(' ').map(function (word, i) {
      line += word.length + 1;
      if (i === 0 || line * 8 < width) return (i ? ' ' : '') + word;
      line = word.length;
      return '<br>' + word;
    }).join('');
  }

  function draw(Plotly, place, panel) {
    var layout = Object.assign({}, panel.layout, { height: panel.height, autosize: true });
    if (layout.title) {
      var text = wrapped(layout.title.text, place.clientWidth), more = text.split('<br>').length - 1;
      layout.title = Object.assign({}, layout.title, { text: text });
      layout.margin = Object.assign({}, layout.margin, { t: ((layout.margin || {}).t || 52) + 20 * more });
    }
    if (touched) layout.dragmode = layout.dragmode || false;
    if (touched && config.displayModeBar === undefined) config.displayModeBar = false;
    if (themes) layout.template = themes[isDark(place.parentNode) ? 1 : 0];
    return Plotly.react(place, panel.data, layout, config);
  }

  library().then(function (Plotly) {
    boxes.forEach(function (box) {
      box.setAttribute('data-drawn', '');
      box.querySelectorAll('[data-panel]').forEach(function (still, i) {
        var place = document.createElement('div');
        place.style.cssText = 'width:100%;height:' + panels[i].height + 'px';
        still.parentNode.appendChild(place);
        draw(Plotly, place, panels[i]).then(function () { still.remove(); }, function () { place.remove(); });
        if (themes && window.matchMedia)
          matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () {
            if (place.isConnected) draw(Plotly, place, panels[i]);
          });
      });
    });
  }, function () { });
})
