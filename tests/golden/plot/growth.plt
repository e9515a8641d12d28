reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.42000
set tmargin at screen 0.69667
set bmargin at screen 0.25333
set label "app… load" at screen 0.26667,0.77667 left font ':Bold,9'
set label "ste… KiB/s" at screen 0.26667,0.72833 left font ',9' tc rgb '#555555'
set label "growth.pmt: …own site: 1 steady leak" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set label "dashed lines: the marks warm, reload" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "live, KiB" font ',9'
set yrange [0:381.4453]
set ytics 100
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 0 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#bb4433', \
     'chart.dat' index 0 using 1:2 with lines lw 1.5 lc rgb '#bb4433'
unset arrow
unset label
unset object
set lmargin at screen 0.76667
set rmargin at screen 0.92000
set tmargin at screen 0.69667
set bmargin at screen 0.25333
set label "dec…ecode" at screen 0.76667,0.77667 left font ':Bold,9'
set label "pla…55 KiB" at screen 0.76667,0.72833 left font ',9' tc rgb '#555555'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "live, KiB" font ',9'
set yrange [0:1040.259]
set ytics 500
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 1 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#77aadd', \
     'chart.dat' index 1 using 1:2 with lines lw 1.5 lc rgb '#77aadd'
unset arrow
unset label
unset object
unset multiplot
