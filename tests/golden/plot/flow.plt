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
set lmargin at screen 0.43467
set rmargin at screen 0.92000
set tmargin at screen 0.75667
set bmargin at screen 0.66111
set label "flow.pmt: th… set, and where it rose" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…mode call\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "MiB" font ',9'
set yrange [0:84.2666]
set ytics 50
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "warm" at screen 0.55600,0.80167 left font ',9' tc rgb '#555555'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "reload" at screen 0.77440,0.80167 left font ',9' tc rgb '#555555'
plot 'chart.dat' index 0 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#333333', \
     'chart.dat' index 0 using 1:2 with lines lw 1.5 lc rgb '#333333'
unset arrow
unset label
unset object
set lmargin at screen 0.43467
set rmargin at screen 0.92000
set tmargin at screen 0.38444
set bmargin at screen 0.19333
set label "where i…e, by function" at screen 0.43467,0.46444 left font ':Bold,9'
set label "the dark… KiB in 41.7 ms" at screen 0.43467,0.41611 left font ',9' tc rgb '#555555'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
unset ylabel
set ytics ("27.4 …d (app.py)" 1, "17.7 …raw_decode" 0) font ',9'
set yrange [-0.6:1.6]
set palette defined (0 '#f7f9fc', 0.15 '#cfdfee', 0.4 '#7fb0d3', 0.7 '#33699f', 1 '#142f5c')
set logscale cb
set cbrange [0.044:440]
plot 'chart.dat' index 1 using 1:2:3 with image
unset arrow
unset label
unset object
unset multiplot
