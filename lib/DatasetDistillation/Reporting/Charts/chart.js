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

  function draw(Plotly, place, panel) {
    var layout = Object.assign({}, panel.layout, { height: panel.height, autosize: true });
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
